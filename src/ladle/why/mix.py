"""Whether accuracy changed within the segments, or only who asks did.

The difference of two rates is the sum over segments of

    (share after - share before) · (rate after + rate before)/2      what the mix of callers did
    (share after + share before)/2 · (rate after - rate before)      what happened within

(E. Kitagawa, "Components of a Difference Between Two Rates", Journal of the American Statistical
Association 50, 1955): symmetric, and without a rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts

FEWEST = 30  # labels of a segment on either side; smaller ones are taken together
_REST = "other"


@dataclass(frozen=True, slots=True)
class Mix:
    """Of one input field: both parts in rates of wrong answers; ``moved`` is the segment whose share
    changed most.
    """

    field: str
    by_mix: float
    within: float
    moved: str
    share_before: float
    share_after: float


def mixes(before: Mapping[str, ArmCounts], after: Mapping[str, ArmCounts]) -> Iterator[Mix]:
    """Segments are ``field=value``; a field with a single segment says nothing."""
    for field in sorted({s.partition("=")[0] for s in before.keys() & after.keys()}):
        old, new = (_of_field(field, side) for side in (before, after))
        small = {s for s in old.keys() | new.keys() if _least(s, old, new) < FEWEST}
        old, new = _pooled(old, small), _pooled(new, small)
        known = sorted(s for s in old.keys() | new.keys() if _least(s, old, new) > 0)
        if len(known) > 1:
            yield _mix(field, known, old, new)


def _mix(
    field: str, known: list[str], old: Mapping[str, ArmCounts], new: Mapping[str, ArmCounts]
) -> Mix:
    total_old, total_new = (sum(side[s].exposed for s in known) for side in (old, new))
    by_mix = within = 0.0
    shares = {}
    for segment in known:
        a, b = old[segment], new[segment]
        share_a, share_b = a.exposed / total_old, b.exposed / total_new
        rate_a, rate_b = a.events / a.exposed, b.events / b.exposed
        by_mix += (share_b - share_a) * (rate_a + rate_b) / 2
        within += (share_a + share_b) / 2 * (rate_b - rate_a)
        shares[segment] = (share_a, share_b)
    moved = max(known, key=lambda s: abs(shares[s][1] - shares[s][0]))
    return Mix(field, by_mix, within, moved, *shares[moved])


def _of_field(field: str, side: Mapping[str, ArmCounts]) -> dict[str, ArmCounts]:
    return {s: arm for s, arm in side.items() if s.partition("=")[0] == field}


def _least(segment: str, old: Mapping[str, ArmCounts], new: Mapping[str, ArmCounts]) -> float:
    nothing = ArmCounts(0.0, 0.0)
    return min(old.get(segment, nothing).exposed, new.get(segment, nothing).exposed)


def _pooled(side: Mapping[str, ArmCounts], small: set[str]) -> dict[str, ArmCounts]:
    found: dict[str, ArmCounts] = {}
    for segment, arm in side.items():
        name = _REST if segment in small else segment
        before = found.get(name, ArmCounts(0.0, 0.0))
        found[name] = ArmCounts(before.exposed + arm.exposed, before.events + arm.events)
    return found
