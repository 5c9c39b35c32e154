"""The fifteen invariants at full size: 60,000 stories of the controller, a sixth of them harsh.

`scripts/gate simulation N` plays N stories. Prints stories a second; docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import time

import pytest

from ladle.simulation.faults import HARSH, Odds
from ladle.simulation.rollouts import play

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]

STORIES = 60_000
FIRST_SEED = 1_000_000


@pytest.mark.parametrize(("odds", "share"), [(Odds(), 5 / 6), (HARSH, 1 / 6)])
def test_no_story_breaks_an_invariant(odds: Odds, share: float, size: int | None) -> None:
    stories = round((size or STORIES) * share)
    began = time.perf_counter()
    wakes = crashes = 0
    for seed in range(FIRST_SEED, FIRST_SEED + stories):
        story = play(seed, odds)
        wakes += story.wakes
        crashes += story.crashes
    seconds = time.perf_counter() - began
    print(
        f"\n{stories} stories from seed {FIRST_SEED}, {wakes} wake-ups, {crashes} crashes, none "
        f"broke an invariant; {stories / seconds:.0f} stories a second"
    )
