"""Labels of the callers that differ in an input are counted apart: told, and never decided by.

A regression in one segment moves the whole by that segment's share, and the whole is what a rollout
decides by. Here each segment has a bet of its own, which is told when its capital reaches K/alpha, K the
number of segments that both releases have labels in: so the promised rate holds for all of them at once
(a union bound, on e-processes).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.event_share import WORSE_PARTS, Bet
from ladle.quality.pairing import align
from ladle.quality.track import Track

ALPHA = 0.01
_PREFIX, _LABELLED, _WRONG = "s.", "l", "w"


@dataclass(frozen=True, slots=True)
class WorseSegment:
    """``segment`` is ``field=value``."""

    segment: str
    stable: ArmCounts
    candidate: ArmCounts
    log_e: float


def tallies(segments: Sequence[str], labelled_micro: int, wrong_micro: int) -> Mapping[str, int]:
    """What one label adds to each segment that its row is in."""
    found = {f"{_PREFIX}{s}.{_LABELLED}": labelled_micro for s in segments}
    if wrong_micro:
        found |= {f"{_PREFIX}{s}.{_WRONG}": wrong_micro for s in segments}
    return found


def by_segment(counts: Counts) -> Mapping[str, ArmCounts]:
    """Labelled requests, and the wrong ones, of each segment."""
    suffix, found = f".{_LABELLED}", {}
    for name, labelled in sorted(counts.tallies.items()):
        if name.startswith(_PREFIX) and name.endswith(suffix):
            segment = name[len(_PREFIX) : -len(suffix)]
            wrong = counts.tallies.get(f"{_PREFIX}{segment}.{_WRONG}", 0)
            found[segment] = ArmCounts(labelled / MICRO, wrong / MICRO)
    return found


def worse_segments(stable: Sequence[Window], candidate: Sequence[Window]) -> Iterator[WorseSegment]:
    """Those in which the candidate is wrong more often, beyond chance."""
    paired = align(stable, candidate)
    windows = [(by_segment(w.stable), by_segment(w.candidate)) for w in paired]
    both = {s for theirs, _ in windows for s in theirs} & {s for _, ours in windows for s in ours}
    nothing = ArmCounts(0.0, 0.0)
    for segment in sorted(both):
        arms = [(a.get(segment, nothing), b.get(segment, nothing)) for a, b in windows]
        track = Track([Bet(ratio, part=part) for ratio, part in WORSE_PARTS.items()])
        track.follow(0, [(a.exposed, a.events, b.exposed, b.events) for a, b in arms])
        if track.highest >= math.log(len(both) / ALPHA):
            seen = track.seen()
            yield WorseSegment(segment, seen.stable, seen.candidate, track.highest)
