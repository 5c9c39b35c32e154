"""One version for each release digest that no kept version has, over edits that nobody chose."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from tests.story.stage import Stage

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(240)]

# Keys of model.yaml that change what answers, and keys that change only how a release is tried.
ANSWERS: tuple[Mapping[str, str], ...] = (
    {},
    {"model": "other.onnx"},
    {"env": "{GREETING: hello}"},
    {"transform": "raises.py"},
)
POLICIES: tuple[Mapping[str, str], ...] = (
    {},
    {"rollout": "{canary_percent: 30, bake: 2h, min_requests: 5, max: 24h}"},
    {"traffic": "{expected_per_day: 2000000}"},
)
STEPS = 3
Edit = tuple[int, int]  # which answers, which policy


def edits(seed: int) -> list[Edit]:
    """Each differs from the one before it in one of the two; the first is a first release."""
    draws = random.Random(seed)
    drawn = [(0, 0)]
    while len(drawn) <= STEPS:
        edit = (draws.randrange(len(ANSWERS)), draws.randrange(len(POLICIES)))
        if sum(a != b for a, b in zip(edit, drawn[-1], strict=True)) == 1:
            drawn.append(edit)
    return drawn


def test_a_version_is_made_for_a_digest_that_no_kept_version_has(stage: Stage) -> None:
    stories = {f"edited-{seed}": edits(seed) for seed in (8, 11)}
    digests: dict[tuple[str, int], str] = {}  # of a model's answers
    stage.packages(*stories)
    for step in range(STEPS + 1):
        for model, drawn in stories.items():
            answers, policy = drawn[step]
            stage.write(model, **ANSWERS[answers], **POLICIES[policy])
        before = {model: stage.versions(model) if step else {} for model in stories}
        deployed = stage.deploy()
        if step == 0:
            stage.promote(*stories)
        for model, drawn in stories.items():
            digest = str(deployed[model]["release_digest"])
            assert digests.setdefault((model, drawn[step][0]), digest) == digest
            stage.settle(model)
            made = stage.versions(model).keys() - before[model].keys()
            assert len(made) == (digest not in before[model].values()), (model, drawn[: step + 1])
            assert {stage.versions(model)[number] for number in made} <= {digest}
    assert len({(model, digest) for (model, _), digest in digests.items()}) == len(digests)
