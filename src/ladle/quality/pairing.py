"""Only stretches of time in which both releases were seen are compared.

A window that holds one release is pooled with the windows after it until the other release shows
up: at little traffic that is chance. Where the absent one should have had many requests, its log
lines were not delivered: that is a gap, and counts for neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ladle.quality.counts import Counts, Window
from ladle.quality.event_share import EMPTY, Row

GAP_EXPECTED = 10.0  # requests; to see none of them by chance has odds of 1 to 22,000
MEMORY = 0.98  # how much of what the windows before said of the shares each window keeps


class PairedWindow(NamedTuple):
    """What each release was seen to do in the window that begins at ``start``. A tuple, as Gaps: a look
    at a rollout makes many.
    """

    start: float
    stable: Counts
    candidate: Counts


def align(stable: Iterable[Window], candidate: Iterable[Window]) -> list[PairedWindow]:
    """By start; from the candidate's first request on, since before it there is nothing to compare."""
    ours = list(candidate)
    first = min((w.start for w in ours if w.counts.requests > 0), default=math.inf)
    return merge([w for w in stable if w.start >= first], [w for w in ours if w.start >= first])


def merge(stable: Iterable[Window], candidate: Iterable[Window]) -> list[PairedWindow]:
    """By start; a release without a window has done nothing in it."""
    ours = {w.start: w.counts for w in candidate}
    theirs = {w.start: w.counts for w in stable}
    starts = sorted(ours.keys() | theirs.keys())
    return [PairedWindow(s, theirs.get(s, Counts()), ours.get(s, Counts())) for s in starts]


class Gaps(NamedTuple):
    """Windows that ``wait`` for the release that they lack, and what is usual of both."""

    waiting: tuple[PairedWindow, ...] = ()
    usual_stable: float = 0.0
    usual_candidate: float = 0.0

    def then(self, window: PairedWindow) -> tuple[Gaps, tuple[PairedWindow, ...]]:
        """After one more window; and the windows that now count, whatever comes."""
        stable, candidate = window.stable.requests, window.candidate.requests
        usual = MEMORY * self.usual_stable + stable, MEMORY * self.usual_candidate + candidate
        waiting: tuple[PairedWindow, ...] = ()
        kept: tuple[PairedWindow, ...] = (*self.waiting, window)
        if self.waiting:
            stable = sum([w.stable.requests for w in kept])
            candidate = sum([w.candidate.requests for w in kept])
        if not (stable and candidate):
            waiting, kept = kept, ()
            if self._is_gap(stable, candidate):
                waiting = ()
        return Gaps(waiting, *usual), kept

    def _is_gap(self, stable: int, candidate: int) -> bool:
        """Whether the absence of one release is no chance."""
        return (
            stable * self.usual_candidate >= GAP_EXPECTED * self.usual_stable > 0
            or candidate * self.usual_stable >= GAP_EXPECTED * self.usual_candidate > 0
        )


def without_gaps(windows: Sequence[PairedWindow]) -> list[PairedWindow]:
    """Leaves out the stretches in which one release's absence is not chance."""
    kept: list[PairedWindow] = []
    gaps = Gaps()
    for window in windows:
        gaps, more = gaps.then(window)
        kept += more
    return [*kept, *gaps.waiting]


def pooled(held: Row, more: Row) -> tuple[Row, Row]:
    """What is held on to, and what counts now: nothing, as long as one release is missing."""
    both = more if held is EMPTY else plus(held, more)
    return (EMPTY, both) if both[0] > 0 and both[2] > 0 else (both, EMPTY)


def plus(a: Row, b: Row) -> Row:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3])
