"""What differs in how two releases are served is told, whether or not they have recorded experiments."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.why.play import Play, experiment
from tests.unit.why.scenes import prove

from ladle.catalog import Packaging, Target
from ladle.policy.lock import Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.releases.state import Release
from ladle.why.explanation import Conclusion, Topic
from ladle.why.served_differently import served_differently


@pytest.mark.parametrize("recorded", [True, False])
def test_another_serving_runtime_is_named_also_where_nothing_else_differs(recorded: bool) -> None:
    made = experiment(1, 0, 0.967) if recorded else None
    play = Play()
    play.hand_over(1, made, runtime=Runtime("sha256:" + "a" * 64, "0.1.0"))
    play.serve(42, {1: 0.03}, seed=1)
    prove(play)
    play.hand_over(2, made, runtime=Runtime("sha256:" + "b" * 64, "0.2.0"))
    play.serve(200, {1: 0.03, 2: 0.3}, seed=2)
    why = play.why(compared=(1, 2) if recorded else None)
    assert why.conclusion is Conclusion.ROLLED_BACK
    last = [s for s in why.sentences if s.topic is Topic.DIFFERS][-1]
    runtimes = "that of Ladle 0.1.0 (aaaaaaaa) to that of Ladle 0.2.0 (bbbbbbbb)"
    assert last.text == f"The serving runtime changed from {runtimes}."
    assert len(last.records) == 2, "the two hand-overs"


def test_what_an_older_release_did_not_keep_is_not_compared() -> None:
    older = Release(1, "sha256:a", "sha256:m", None, 1.0, RolloutPolicy())
    newer = replace(older, runtime=Runtime("sha256:b", "0.2.0"), packaging=Packaging.ZIP)
    assert list(served_differently(older, newer)) == []
    moved = replace(newer, target=Target.ECS, packaging=Packaging.IMAGE)
    assert list(served_differently(newer, moved)) == [
        "the packaging changed from zip to image",
        "the target changed from lambda to ecs",
    ]
