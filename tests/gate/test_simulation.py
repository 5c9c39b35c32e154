"""The fifteen invariants at full size: 60,000 stories of the controller, a sixth of them harsh.

Prints stories a second; docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import time

import pytest

from ladle.simulation.faults import HARSH, Odds
from ladle.simulation.rollouts import play

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]

STORIES, HARSH_STORIES = 50_000, 10_000


@pytest.mark.parametrize(("odds", "stories"), [(Odds(), STORIES), (HARSH, HARSH_STORIES)])
def test_no_story_breaks_an_invariant(odds: Odds, stories: int) -> None:
    began = time.perf_counter()
    wakes = crashes = 0
    for seed in range(stories):
        story = play(1_000_000 + seed, odds)
        wakes += story.wakes
        crashes += story.crashes
    seconds = time.perf_counter() - began
    print(
        f"\n{stories} stories, {wakes} wake-ups, {crashes} crashes, none broke an invariant; "
        f"{stories / seconds:.0f} stories a second"
    )
