"""Of the main keys each pair that can stand together stands in one of 26 configs, all of them sound."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.synth import drawing, sound
from tests.synth.sound import Made

pytestmark = [pytest.mark.check, pytest.mark.timeout(300)]
CONFIGS, POOL, SEED = 26, 3000, 20261134


@pytest.fixture(scope="module")
def configs() -> Sequence[drawing.Config]:
    return drawing.covering(SEED, POOL, CONFIGS)


@pytest.fixture(scope="module")
def made(
    configs: Sequence[drawing.Config], tmp_path_factory: pytest.TempPathFactory, root: Path
) -> Made:
    named = {f"m{number:02}": config for number, config in enumerate(configs)}
    texts = {name: drawing.written(config, name) for name, config in named.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CDK_VALIDATION", "true")
        return sound.make(tmp_path_factory.mktemp("pairs"), root, texts)


def test_of_every_key_each_choice_is_among_them(
    configs: Sequence[drawing.Config],
) -> None:
    missing = {
        (factor, number)
        for factor, parts in drawing.PAIRED.items()
        for number in range(len(parts))
        if number not in {config[factor] for config in configs}
    }
    assert missing == set()


def test_whatever_stands_together_all_holds(made: Made) -> None:
    assert sorted(set(sound.faults(made))) == []


@pytest.mark.parametrize(
    ("action", "arn", "fault"),
    [
        ("s3:*", "arn:aws:s3:::b/release/m00/*", "allows s3:*"),
        ("s3:GetObject", "*", "s3:GetObject on everything"),
        ("s3:GetObject", "arn:aws:s3:::b/release/m00*", "reaches arn:aws:s3:::b/release/m00-bx"),
        ("logs:PutLogEvents", "arn:aws:logs:r:a:log-group:/ladle/m01", "m00 names m01"),
        ("s3:PutBucketAcl", "arn:aws:s3:::b", "its plan does not say s3:PutBucketAcl"),
    ],
)
def test_a_planted_permission_is_found(made: Made, action: str, arn: str, fault: str) -> None:
    templates = dict(copy.deepcopy(made.synth.templates))
    role = next(
        r
        for r in templates["ladle-model-m00"]["Resources"].values()
        if r["Type"] == "AWS::IAM::Role" and "Policies" in r["Properties"]
    )
    held = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    held.append({"Effect": "Allow", "Action": action, "Resource": arn})
    planted = replace(made, synth=replace(made.synth, templates=templates))
    assert [told for told in sound.faults(planted) if fault in told]


def test_an_acknowledgement_that_matches_nothing_is_found(made: Made) -> None:
    more = replace(made, acknowledged=[*made.acknowledged, ("ladle-model-m00/Logs", "W1")])
    assert list(sound.faults(more)) == [
        "ladle-model-m00/Logs: what is acknowledged of W1 matches nothing"
    ]
    fewer = replace(made, acknowledged=made.acknowledged[1:])
    assert "nobody has answered for" in next(sound.faults(fewer))
