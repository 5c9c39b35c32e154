"""Only stretches of time in which both releases were seen are compared.

A window that holds one release is pooled with the windows after it until the other release shows
up: at little traffic that is chance. Where the absent one should have had many requests, its log
lines were not delivered: that is a gap, and counts for neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import Counts, Window
from ladle.quality.event_share import NOTHING, Pair

GAP_EXPECTED = 10.0  # requests; to see none of them by chance has odds of 1 to 22,000
MEMORY = 0.98  # how much of what the windows before said of the shares each window keeps


@dataclass(frozen=True, slots=True)
class PairedWindow:
    """What each release was seen to do in the window that begins at ``start``."""

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


@dataclass(frozen=True, slots=True)
class Gaps:
    """Windows that ``wait`` for the release that they lack, and what is usual of both."""

    waiting: tuple[PairedWindow, ...] = ()
    usual_stable: float = 0.0
    usual_candidate: float = 0.0

    def then(self, window: PairedWindow) -> tuple[Gaps, tuple[PairedWindow, ...]]:
        """After one more window; and the windows that now count, whatever comes."""
        waiting = (*self.waiting, window)
        stable = sum(w.stable.requests for w in waiting)
        candidate = sum(w.candidate.requests for w in waiting)
        kept: tuple[PairedWindow, ...] = ()
        if stable and candidate:
            kept, waiting = waiting, ()
        elif self._is_gap(stable, candidate):
            waiting = ()
        return Gaps(
            waiting,
            MEMORY * self.usual_stable + window.stable.requests,
            MEMORY * self.usual_candidate + window.candidate.requests,
        ), kept

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


def pooled(held: Pair, more: Pair) -> tuple[Pair, Pair]:
    """What is held on to, and what counts now: nothing, as long as one release is missing."""
    both = plus(held, more)
    return (NOTHING, both) if both.two_sided else (both, NOTHING)


def plus(a: Pair, b: Pair) -> Pair:
    return Pair(_both(a.stable, b.stable), _both(a.candidate, b.candidate))


def _both(a: ArmCounts, b: ArmCounts) -> ArmCounts:
    return ArmCounts(a.exposed + b.exposed, a.events + b.events)
