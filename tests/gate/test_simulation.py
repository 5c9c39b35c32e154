"""The sixteen invariants at full size: ten million stories of the controller, a sixth of them harsh; then three
hundred in which nothing goes wrong but one crash, at each call in turn.

`scripts/gate simulation N` plays N stories, on all cores. Prints stories a second;
docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import os
import time

import pytest
from tests.many_stories import play_crashes_on_cores, play_on_cores

from ladle.simulation.faults import HARSH, Odds

pytestmark = [pytest.mark.gate, pytest.mark.timeout(48 * 3600)]

STORIES = 10_000_000
CRASHED_STORIES = 300
FIRST_SEED = 1_000_000


@pytest.mark.parametrize(("odds", "share"), [(Odds(), 5 / 6), (HARSH, 1 / 6)])
def test_no_story_breaks_an_invariant(odds: Odds, share: float, size: int | None) -> None:
    stories = round((size or STORIES) * share)
    began = time.perf_counter()
    seeds = range(FIRST_SEED, FIRST_SEED + stories)
    tally = play_on_cores(seeds, odds, os.cpu_count() or 1)
    seconds = time.perf_counter() - began
    print(
        f"\n{tally.stories} stories from seed {FIRST_SEED}, {tally.wakes} wake-ups, "
        f"{tally.crashes} crashes, none broke an invariant; {stories / seconds:.0f} a second"
    )
    assert tally.stories == stories


def test_no_single_crash_breaks_an_invariant(size: int | None) -> None:
    stories = min(size or CRASHED_STORIES, CRASHED_STORIES)
    crashes = play_crashes_on_cores(range(stories), os.cpu_count() or 1)
    print(f"\n{crashes} single crashes, at each call of {stories} stories, none broke an invariant")
    assert crashes > 100 * stories
