"""Ninety thousand hostile stories, on all cores; the first 4,000 are played by the unit tests.

Two cores play them in two or three minutes; `scripts/gate simulation N` plays N others.
"""

from __future__ import annotations

import os

import pytest
from tests.many_stories import play_on_cores

from ladle.releases.effects import RecordKind
from ladle.simulation.faults import HARSH, Odds

FIRST_SEED = 4_000
STORIES = 94_000
HARSH_STORIES = 2_000
CORES = os.cpu_count() or 1


@pytest.mark.timeout(600)
def test_no_story_breaks_an_invariant() -> None:
    """A failure names its seed: ``play(seed)`` shows it again."""
    tally = play_on_cores(range(FIRST_SEED, FIRST_SEED + STORIES), Odds(), CORES)
    assert tally.stories == STORIES
    assert {*tally.recorded, RecordKind.REMOVED} == {*RecordKind}


@pytest.mark.timeout(120)
def test_no_harsh_story_breaks_an_invariant() -> None:
    tally = play_on_cores(range(HARSH_STORIES), HARSH, CORES)
    assert tally.crashes > HARSH_STORIES
