"""A release's digest changes exactly when one of the listed keys or contents changes."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.specs import spec_of

from ladle.catalog import Packaging
from ladle.experiments.manifest import Locator, Signature, TensorSpec
from ladle.planning.digests import release_content
from ladle.planning.service_spec import Compute, Monitor, ServiceSpec

NEEDED = {"name": "fraud", "model": "model.onnx", "type": "classification"}

# Key -> values that a config may give it. What a key of a version may become makes a new one;
# what is policy, or changes in place, makes none.
OF_A_VERSION: dict[str, list[str]] = {
    "type": ["classification", "generic", "embedding"],
    "model_in": ["store", "image"],
    "python": ['"3.13"', '"3.12"', '"3.14"'],
    "arch": ["x86_64", "arm64"],
    "transform": ["null", "steps.py", "transform.py"],
    "compute.memory_mb": ["1769", "512", "3538"],
    "compute.timeout_s": ["30", "10"],
    "tracing": ["none", "xray"],
    "env.THRESHOLD": ['"0.5"', '"0.6"'],
    "env.OTHER": ['"0.5"'],
    "monitor.key": ["$.label", '"$.scores[0]"'],
    "monitor.window": ["60s", "30s"],
}
IN_PLACE: dict[str, list[str]] = {
    "target": ["auto", "lambda"],
    "requirements": ["null", "requirements.txt"],
    "compute.max_instances": ["null", "5"],
    "door.rate_per_s": ["50", "5"],
    "traffic.expected_per_day": ["10000", "90000"],
    "rollout.canary_percent": ["10", "20"],
    "rollout.bake": ["60m", "30m"],
    "rollout.min_requests": ["200", "50"],
    "rollout.promote": ["after_bake", "when_not_worse"],
    "rollout.holdback": ["24h", "1h"],
    "rollout.false_rollback_rate": ["0.01", "0.05"],
    "monitor.guards.failures.worse_than": ["1.2x", "2x"],
    "monitor.guards.latency": ["{worse_than: 1.2x}", "null"],
    "monitor.labels.sources": ["[]", "[labeller]"],
    "monitor.labels.accept": ["30d", "7d"],
    "notify": ["[]", "[mailto:team@example.com]"],
    "logs.retention": ["30d", "7d"],
    "tags.team": ["risk", "sales"],
    "compute.reserved": ["null", "20"],
    "compute.warm": ["0", "2"],
    "monitor.dashboard": ["false", "true"],
    "door.cors": ["[]", '["https://app.example.com"]'],
}
KEYS = OF_A_VERSION | IN_PLACE


def text_of(settings: dict[str, str]) -> str:
    """A config in flow style, since keys come in any order."""
    tree: dict[str, Any] = dict(NEEDED)
    for key, value in settings.items():
        *sections, last = key.split(".")
        place = tree
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = value
    return flow(tree)


def flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {flow(v)}" for k, v in value.items()) + "}"
    return str(value)


@st.composite
def settings(draw: st.DrawFn) -> dict[str, str]:
    chosen = draw(st.sets(st.sampled_from(sorted(KEYS)), max_size=8))
    return {key: draw(st.sampled_from(KEYS[key])) for key in sorted(chosen)}


def version_part(of: dict[str, str]) -> dict[str, str]:
    """What of these settings a version is made of; the first value of a list is its default."""
    full = {k: of.get(k, values[0]) for k, values in OF_A_VERSION.items() if k[:4] != "env."}
    return full | {k: v for k, v in of.items() if k[:4] == "env."}


@given(settings(), settings())
def test_the_digest_is_equal_exactly_when_the_keys_of_a_version_are(
    one: dict[str, str], other: dict[str, str]
) -> None:
    same = spec_of(text_of(one)).release_digest == spec_of(text_of(other)).release_digest
    assert same == (version_part(one) == version_part(other))


@given(settings(), st.sampled_from(sorted(OF_A_VERSION)), st.data())
def test_one_change_of_a_versions_key_makes_a_new_digest(
    base: dict[str, str], key: str, data: st.DataObject
) -> None:
    before = version_part(base).get(key)
    others = [value for value in OF_A_VERSION[key] if value != before]
    if not others:
        others = ['"another"']
    changed = {**base, key: data.draw(st.sampled_from(others))}
    assert spec_of(text_of(base)).release_digest != spec_of(text_of(changed)).release_digest


@given(settings(), st.sampled_from(sorted(IN_PLACE)), st.data())
def test_no_change_of_any_other_key_makes_one(
    base: dict[str, str], key: str, data: st.DataObject
) -> None:
    changed = {**base, key: data.draw(st.sampled_from(IN_PLACE[key]))}
    assert spec_of(text_of(base)).release_digest == spec_of(text_of(changed)).release_digest


def test_a_snapshot_makes_a_new_digest_and_its_absence_none() -> None:
    zipped = "name: fraud\nmodel: model.onnx\ntype: classification\npackaging: zip\n"
    kept = spec_of(zipped + "compute: {snap_start: true}\n", Packaging.ZIP)
    without = spec_of(zipped, Packaging.ZIP)
    assert kept.release_digest != without.release_digest
    assert "snap_start" not in release_content(without)["compute"]


OTHER_SIGNATURE = Signature((TensorSpec("X", "float", (None, 5)),), ())


@pytest.mark.parametrize(
    "changed",
    [
        spec_of(digest="sha256:" + "b" * 64),
        spec_of(code="sha256:" + "d" * 64),
        spec_of(packaging=Packaging.ZIP),
        spec_of(signature=OTHER_SIGNATURE),
    ],
    ids=["model", "code", "packaging", "signature"],
)
def test_other_content_makes_a_new_digest(changed: ServiceSpec) -> None:
    assert changed.release_digest != spec_of().release_digest


@pytest.mark.parametrize(
    "moved",
    [
        spec_of(experiment_id="e" * 64),
        spec_of(locator=Locator("b/sha256/aa/aaa", "v1"), path=None),
        spec_of(file_name="other.onnx"),
    ],
    ids=["experiment", "place", "file name"],
)
def test_where_the_same_content_comes_from_makes_none(moved: ServiceSpec) -> None:
    assert moved.release_digest == spec_of().release_digest


def test_every_field_of_a_spec_is_in_the_digest_or_known_not_to_be() -> None:
    content = release_content(spec_of())
    outside = {"model", "target_reason", "folder", "requirements", "source", "release_digest"}
    outside |= {
        "base",  # where a model has moved
        "built_with",  # the code has its own digest
        "ceilings",
        "dashboard",
        "kept",
        "left",
        "logs",
        "measured",
        "tracing",
    }  # base and tracing only where there is one
    outside |= {"experiment_id", "door", "policy", "log_retention_days", "notify", "tags"}
    inside = {"model_digest": "model", "code_digest": "code"}
    fields = {f.name for f in dataclasses.fields(ServiceSpec)} - outside
    assert {inside.get(name, name) for name in fields} == set(content)
    assert {f.name for f in dataclasses.fields(Compute)} > set(content["compute"])
    assert {f.name for f in dataclasses.fields(Monitor)} > set(content["monitor"])


def test_a_digest_is_written_with_its_algorithm() -> None:
    assert re.fullmatch("sha256:[0-9a-f]{64}", spec_of().release_digest)
