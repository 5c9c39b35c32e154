"""Labels of the callers that differ in an input are counted apart: told, and never decided by.

A regression in one segment moves the whole by that segment's share, and the whole is what a rollout
decides by. Here each segment has a bet of its own, which is told when its capital reaches K/alpha, K the
number of segments that both releases have labels in: so the promised rate holds for all of them at once
(a union bound, on e-processes). Of a regression the loss is what its guard bets on, at the scale that the
stable release shows as a whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts
from ladle.quality import errors
from ladle.quality.counts import Counts, Window
from ladle.quality.event_share import WORSE_PARTS, Bet
from ladle.quality.pairing import align
from ladle.quality.tally import Read, labelled_and_wrong
from ladle.quality.track import Track

ALPHA = 0.01
_PREFIX, _LABELLED, _WRONG, _ERRORS = "s.", "l", "w", "e"


@dataclass(frozen=True, slots=True)
class WorseSegment:
    """``segment`` is ``field=value``; events are the loss where the model is ``numeric``, a regression."""

    segment: str
    stable: ArmCounts
    candidate: ArmCounts
    log_e: float
    numeric: bool


def tallies(
    segments: Sequence[str], labelled_micro: int, wrong_micro: int, measured: Mapping[str, int]
) -> Mapping[str, int]:
    """What one label adds to each segment that its row is in; errors are among what else was ``measured``."""
    added = {_LABELLED: labelled_micro}
    if wrong_micro:
        added[_WRONG] = wrong_micro
    off = errors.histogram(Counts(tallies=measured))
    added |= {f"{_ERRORS}{bin_}": n for bin_, n in off.items()}
    return {f"{_PREFIX}{s}.{what}": n for s in segments for what, n in added.items()}


def by_segment(counts: Counts, read: Read = labelled_and_wrong) -> Mapping[str, ArmCounts]:
    """Labelled requests, and the wrong ones or the loss, of each segment."""
    found: dict[str, Counts] = {}
    for name, n in counts.tallies.items():
        if name.startswith(_PREFIX):
            segment, _, what = name[len(_PREFIX) :].rpartition(".")
            found[segment] = found.get(segment, Counts()) + _counted(what, n)
    return {segment: ArmCounts(*read(found[segment])) for segment in sorted(found)}


def worse_segments(
    stable: Sequence[Window], candidate: Sequence[Window], since: float
) -> Iterator[WorseSegment]:
    """Those in which the candidate is wrong more often, or farther off, beyond chance. The stable
    release's windows may begin before ``since``: as for a guard, they say what is far off.
    """
    scale = errors.freeze(stable, since)
    read, begin = (scale.read, max(since, scale.after)) if scale else (labelled_and_wrong, since)
    paired = align(*([w for w in arm if w.start >= begin] for arm in (stable, candidate)))
    windows = [(by_segment(w.stable, read), by_segment(w.candidate, read)) for w in paired]
    both = {s for theirs, _ in windows for s in theirs} & {s for _, ours in windows for s in ours}
    nothing = ArmCounts(0.0, 0.0)
    for segment in sorted(both):
        arms = [(a.get(segment, nothing), b.get(segment, nothing)) for a, b in windows]
        track = Track([Bet(ratio, part=part) for ratio, part in WORSE_PARTS.items()])
        track.follow(0, [(a.exposed, a.events, b.exposed, b.events) for a, b in arms])
        if track.highest >= math.log(len(both) / ALPHA):
            seen = track.seen()
            numeric = scale is not None
            yield WorseSegment(segment, seen.stable, seen.candidate, track.highest, numeric)


def _counted(what: str, n: int) -> Counts:
    if what == _LABELLED:
        return Counts(labelled_micro=n)
    if what == _WRONG:
        return Counts(wrong_micro=n)
    return Counts(tallies=errors.binned({int(what.removeprefix(_ERRORS)): n}))
