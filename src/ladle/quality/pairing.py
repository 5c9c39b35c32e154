"""Only stretches of time in which both releases were seen are compared.

A window that holds one release is pooled with the windows after it until the other release shows
up: at little traffic that is chance. Where the absent one should have had many requests, its log
lines were not delivered: that is a gap, and counts for neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
    ours = {w.start: w.counts for w in candidate}
    theirs = {w.start: w.counts for w in stable}
    seen = [start for start, counts in ours.items() if counts.requests > 0]
    if not seen:
        return []
    first = min(seen)
    starts = sorted(s for s in ours.keys() | theirs.keys() if s >= first)
    return [PairedWindow(s, theirs.get(s, Counts()), ours.get(s, Counts())) for s in starts]


def without_gaps(windows: Sequence[PairedWindow]) -> list[PairedWindow]:
    """Leaves out the stretches in which one release's absence is not chance."""
    kept: list[PairedWindow] = []
    waiting: list[PairedWindow] = []
    usual_stable = usual_candidate = 0.0
    stable = candidate = 0
    for window in windows:
        waiting.append(window)
        stable += window.stable.requests
        candidate += window.candidate.requests
        if stable and candidate:
            kept += waiting
            waiting, stable, candidate = [], 0, 0
        elif (
            stable * usual_candidate >= GAP_EXPECTED * usual_stable > 0
            or candidate * usual_stable >= GAP_EXPECTED * usual_candidate > 0
        ):
            waiting, stable, candidate = [], 0, 0
        usual_stable = MEMORY * usual_stable + window.stable.requests
        usual_candidate = MEMORY * usual_candidate + window.candidate.requests
    return kept + waiting


def pool(windows: Iterable[PairedWindow], of: Callable[[Counts], ArmCounts]) -> list[Pair]:
    """One pair a window: what ``of`` reads there and in the one-sided windows before it.

    A window that is still one-sided yields NOTHING; what it holds goes to the next.
    """
    pairs: list[Pair] = []
    held = NOTHING
    for window in windows:
        held = Pair(
            _plus(held.stable, of(window.stable)), _plus(held.candidate, of(window.candidate))
        )
        if held.stable.exposed > 0 and held.candidate.exposed > 0:
            pairs.append(held)
            held = NOTHING
        else:
            pairs.append(NOTHING)
    return pairs


def total(pairs: Iterable[Pair]) -> Pair:
    """Both releases over all pairs: what the comparison rests on."""
    stable = candidate = NOTHING.stable
    for pair in pairs:
        stable, candidate = _plus(stable, pair.stable), _plus(candidate, pair.candidate)
    return Pair(stable, candidate)


def _plus(a: ArmCounts, b: ArmCounts) -> ArmCounts:
    return ArmCounts(a.exposed + b.exposed, a.events + b.events)
