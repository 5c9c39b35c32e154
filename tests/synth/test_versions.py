"""Exactly one new version for a change of what makes a release, none for any other change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.synth.repository import MODEL, MakeSynth, Synth, Template, synthesize

# One change each, as lines of model.yaml. The keys are those of docs/formats.md and the interface.
MAKES_A_VERSION = {
    "model": "model: other.onnx",
    "type": "type: generic",
    "model-in": "model_in: image",
    "runtime-python": 'python: "3.12"',
    "arch": "arch: arm64",
    "transform": "transform: transform.py",
    "memory": "compute: {memory_mb: 3008}",
    "timeout": "compute: {timeout_s: 12}",
    "env": "env: {THRESHOLD: '0.7'}",
    "network": "network: {vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d], security_groups: [sg-0c1d2e3f]}",
    "tracing": "tracing: xray",
    "key": "monitor: {key: $.scores}",
    "window": "monitor: {window: 30s}",
}
CHANGES_IN_PLACE = {
    "rate": "door: {rate_per_s: 10}",
    "traffic": "traffic: {expected_per_day: 99000}",
    "canary": "rollout: {canary_percent: 33}",
    "bake": "rollout: {bake: 2h}",
    "alpha": "rollout: {false_rollback_rate: 0.002}",
    "guards": "monitor: {guards: {failures: {worse_than: 1.5x}}}",
    "labels": "monitor: {labels: {accept: 12d}}",
    "notify": "notify: ['mailto:ada@example.com']",
    "retention": "logs: {retention: 7d}",
    "tags": "tags: {team: risk}",
    "dashboard": "monitor: {dashboard: true}",
    "warm": "compute: {warm: 2}",
    "reserved": "compute: {reserved: 20}",
    "comment": "# a comment",
}
IMAGE = "packaging: image"  # its code is staged, never zipped: quick to synthesize
# What Lambda compares when it is asked to publish; tags and concurrency are not among it.
NOT_VERSIONED = {"Tags", "ReservedConcurrentExecutions"}


def config(changes: set[str]) -> str:
    """``MODEL`` with each change merged in; changes of one section share its line."""
    lines = {"model": "model: model.onnx", "type": "type: classification", "packaging": IMAGE}
    sections: dict[str, list[str]] = {}
    for change in sorted(changes):
        line = {**MAKES_A_VERSION, **CHANGES_IN_PLACE}[change]
        key, _, value = line.partition(": ")
        if value.startswith("{"):
            sections.setdefault(key, []).append(value[1:-1])
        else:
            lines[key] = line
    merged = [f"{key}: {{{', '.join(parts)}}}" for key, parts in sections.items()]
    return "\n".join([*lines.values(), *merged]) + "\n"


def versioned(template: Template) -> Mapping[str, Any]:
    properties = template["Resources"]["Function"]["Properties"]
    return {k: v for k, v in properties.items() if k not in NOT_VERSIONED}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Synth:
    """Without any change."""
    return synthesize(tmp_path_factory.mktemp("before"), root, {"fraud": config(set())})


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.sets(st.sampled_from([*MAKES_A_VERSION, *CHANGES_IN_PLACE]), max_size=4))
@example(changes=set(CHANGES_IN_PLACE))
def test_a_version_is_made_if_and_only_if_a_change_can_change_an_answer(
    synth: MakeSynth, before: Synth, changes: set[str]
) -> None:
    after = synth(fraud=config(changes))
    makes_one = bool(changes & set(MAKES_A_VERSION))
    new_digest = before.specs["fraud"].release_digest != after.specs["fraud"].release_digest
    new_function = versioned(before.model()) != versioned(after.model())
    assert new_digest == makes_one
    assert new_function == makes_one


@pytest.mark.parametrize("change", MAKES_A_VERSION)
def test_each_of_these_makes_a_version_by_itself(
    synth: MakeSynth, before: Synth, change: str
) -> None:
    after = synth(fraud=config({change}))
    assert versioned(before.model()) != versioned(after.model())
    assert _handed_over(before.model()) != _handed_over(after.model())


def test_a_policy_reaches_the_hand_off_without_touching_the_function(
    synth: MakeSynth, before: Synth
) -> None:
    after = synth(fraud=config({"canary", "bake"}))
    assert versioned(before.model()) == versioned(after.model())
    assert _handed_over(before.model()) == _handed_over(after.model())
    told = [s.model()["Resources"]["Release"]["Properties"]["Policy"] for s in (before, after)]
    assert told[0] != told[1]


def test_packaging_makes_a_version(synth: MakeSynth) -> None:
    image, zipped = synth(fraud=MODEL + IMAGE), synth(fraud=MODEL + "packaging: zip")
    assert _handed_over(image.model()) != _handed_over(zipped.model())


def test_a_synth_of_the_same_commit_is_the_same_template(synth: MakeSynth) -> None:
    once = synth(fraud=MODEL + "packaging: zip")
    assert synth(fraud=MODEL + "packaging: zip").templates == once.templates


def test_only_runtime_and_code_differ_on_the_embedded_aws(synth: MakeSynth) -> None:
    on_aws = synth(fraud=MODEL + "packaging: zip")
    embedded = synth(fraud=MODEL + "packaging: zip", embedded=True)
    for name, template in on_aws.templates.items():
        assert _without_runtime(template) == _without_runtime(embedded.templates[name])
    assert on_aws.specs == embedded.specs


def test_the_embedded_aws_takes_zip_and_aws_an_image_when_nobody_says(synth: MakeSynth) -> None:
    packages = {
        embedded: synth(fraud=MODEL, embedded=embedded).model()["Resources"]["Function"]
        for embedded in (False, True)
    }
    assert packages[False]["Properties"]["PackageType"] == "Image"
    assert packages[True]["Properties"]["PackageType"] == "Zip"


def _handed_over(template: Template) -> str:
    return str(template["Resources"]["Release"]["Properties"]["ReleaseDigest"])


def _without_runtime(template: Template) -> Any:
    """The template with Runtime and everything that is a hash of code blanked."""

    def blank(value: Any) -> Any:
        if isinstance(value, list):
            return [blank(part) for part in value]
        if isinstance(value, dict):
            hidden = {"Runtime", "S3Key", "CodeSha256"}
            return {k: "…" if k in hidden else blank(v) for k, v in value.items()}
        return value

    return blank(template)


def test_the_comparison_hides_nothing_else() -> None:
    blanked: Callable[[Any], Any] = _without_runtime
    assert blanked({"Runtime": "a", "Timeout": 1}) == {"Runtime": "…", "Timeout": 1}
