"""What becomes of log lines on their way: late, cut into other batches, twice, or never.

A rollout is a hundred minutes of a hundred requests, a tenth of them the candidate's, on four log
streams. Its lines leave in batches of eight on average. All draws come from one seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MINUTES, PER_MINUTE, WINDOW_S = 100, 100, 60.0
LINES = MINUTES * PER_MINUTE
CANDIDATE_SHARE, FAILING = 0.1, 0.01
STABLE_STREAMS = 3  # the fourth is the candidate's
MEAN_BATCH, LAG_S = 8, 180.0
TWICE, CUT_ANEW = 0.01, 0.5  # of all batches; of those, in other pieces the second time
LOST = (0.01, 0.04)  # of the stable release's batches, of the candidate's
HOLE_S = 600.0


@dataclass(frozen=True, slots=True)
class Lines:
    """One row a request, in order of its stream and time."""

    at: np.ndarray
    stream: np.ndarray
    failed: np.ndarray
    batch: np.ndarray  # 0, 1, … without a gap, in order

    @property
    def arm(self) -> np.ndarray:
        return (self.stream == STABLE_STREAMS).astype(int)


@dataclass(frozen=True, slots=True)
class Fates:
    """By batch. ``again_s`` is when it comes a second time; ``anew``: then it is cut in two."""

    arrives_s: np.ndarray
    again_s: np.ndarray  # infinite for most
    anew: np.ndarray
    lost: np.ndarray
    in_hole: np.ndarray  # by line


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows of ``Lines`` that arrive together."""

    at: float
    rows: np.ndarray


def draw(seed: int, rollout: int, candidate: float = FAILING) -> tuple[Lines, Fates]:
    draws = np.random.default_rng([seed, rollout])
    at = np.repeat(np.arange(MINUTES) * WINDOW_S, PER_MINUTE) + draws.random(LINES) * WINDOW_S
    at = np.floor(at * 1000) / 1000  # a line says milliseconds
    ours = draws.random(LINES) < CANDIDATE_SHARE
    stream = np.where(ours, STABLE_STREAMS, draws.integers(0, STABLE_STREAMS, LINES))
    failed = draws.random(LINES) < np.where(ours, candidate, FAILING)
    order = np.lexsort((at, stream))
    at, stream, failed = at[order], stream[order], failed[order]
    begins = (draws.random(LINES) < 1 / MEAN_BATCH) | (np.diff(stream, prepend=-1) != 0)
    lines = Lines(at, stream, failed, np.cumsum(begins) - 1)
    return lines, _fates(draws, lines, hole_of=rollout % 3)


def _fates(draws: np.random.Generator, lines: Lines, hole_of: int) -> Fates:
    """The hole is the candidate's, the stable release's or both's, in turn."""
    batches = int(lines.batch[-1]) + 1
    first = np.searchsorted(lines.batch, np.arange(batches))
    sizes = np.diff(first, append=LINES)
    last_at = lines.at[first + sizes - 1]
    arm = lines.arm[first]
    arrives = last_at + draws.random(batches) * LAG_S
    twice = draws.random(batches) < TWICE
    again = np.where(twice, arrives + draws.random(batches) * LAG_S, np.inf)
    anew = (draws.random(batches) < CUT_ANEW) & (sizes > 1)
    lost = draws.random(batches) < np.asarray(LOST)[arm]
    begin = draws.random() * (MINUTES * WINDOW_S - HOLE_S)
    missed = (lines.at >= begin) & (lines.at < begin + HOLE_S)
    if hole_of < 2:
        missed &= lines.arm == hole_of
    return Fates(arrives, again, anew, lost, missed)


def deliveries(lines: Lines, fates: Fates) -> Iterator[Delivery]:
    """In the order in which they arrive, each as the collector gets it."""
    found: list[Delivery] = []
    for batch, rows in enumerate(
        np.split(np.arange(LINES), np.flatnonzero(np.diff(lines.batch)) + 1)
    ):
        if fates.lost[batch]:
            continue
        seen = rows[~fates.in_hole[rows]]
        if not len(seen):
            continue
        found.append(Delivery(fates.arrives_s[batch], seen))
        if np.isfinite(fates.again_s[batch]):
            middle = len(seen) // 2 if fates.anew[batch] else 0
            pieces = (seen[:middle], seen[middle:])
            found += [Delivery(fates.again_s[batch], piece) for piece in pieces if len(piece)]
    yield from sorted(found, key=lambda d: d.at)
