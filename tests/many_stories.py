"""Stories of consecutive seeds are played on several cores and counted together."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

from ladle.policy.statuses import Phase
from ladle.releases.effects import RecordKind
from ladle.simulation.faults import Odds
from ladle.simulation.rollouts import BrokenAt, play, single_crashes

STORIES_AT_ONCE = 500


@dataclass(slots=True)
class Tally:
    """How many stories ended where, and how often what was recorded in them."""

    stories: int = 0
    wakes: int = 0
    crashes: int = 0
    recorded: Counter[RecordKind] = field(default_factory=Counter)
    ends: Counter[Phase] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.stories += other.stories
        self.wakes += other.wakes
        self.crashes += other.crashes
        self.recorded.update(other.recorded)
        self.ends.update(other.ends)


def play_many(seeds: range, odds: Odds) -> Tally:
    """Raises BrokenAt with the first seed that breaks an invariant."""
    tally = Tally()
    for seed in seeds:
        story = play(seed, odds)
        recorded, ends = Counter(story.recorded), Counter([story.phase])
        tally.add(Tally(1, story.wakes, story.crashes, recorded, ends))
    return tally


def play_on_cores(seeds: range, odds: Odds, cores: int) -> Tally:
    """As :func:`play_many`. New processes: what the caller's threads hold is not copied."""
    tally = Tally()
    with _processes(cores) as pool:
        try:
            for part in pool.map(partial(play_many, odds=odds), _portions(seeds)):
                tally.add(part)
        except BrokenAt:
            pool.shutdown(cancel_futures=True)
            raise
    return tally


def play_crashes(seed: int) -> int:
    """How many times a controller of this story died alone, once at each of its calls."""
    return sum(1 for _ in single_crashes(seed))


def play_crashes_on_cores(seeds: range, cores: int) -> int:
    with _processes(cores) as pool:
        return sum(pool.map(play_crashes, seeds))


def _processes(cores: int) -> ProcessPoolExecutor:
    """Their garbage collector does not look through what was imported again and again."""
    return ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=gc.freeze)


def _portions(seeds: range) -> Iterator[range]:
    for first in range(seeds.start, seeds.stop, STORIES_AT_ONCE):
        yield range(first, min(first + STORIES_AT_ONCE, seeds.stop))
