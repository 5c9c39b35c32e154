"""Slow is what the stable release seldom was, measured once and then kept.

The limit is the bin that holds the 95th percentile of the stable release's warm answers in its
first windows. The windows that set the limit are no evidence: there the stable release would look
better than it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ladle.quality.counts import Counts, Window

ENOUGH_ANSWERS = 200
QUANTILE = 0.95


@dataclass(frozen=True, slots=True)
class SlowLimit:
    """An answer is slow above ``bin_``; evidence begins with the windows that start at ``after``
    or later.
    """

    bin_: int
    after: float

    def read(self, counts: Counts) -> tuple[float, float]:
        """Warm answers, and the slow ones among them."""
        slow = sum([n for b, n in counts.latency.items() if b > self.bin_])
        return float(sum(counts.latency.values())), float(slow)


def freeze(stable: Sequence[Window], since: float) -> SlowLimit | None:
    """The limit from the earliest windows with enough answers; None while there are too few. Windows
    must be sorted by start.

    Windows before ``since`` are the better source: they cost the comparison nothing.
    """
    found = first_quantile(stable, since, lambda counts: counts.latency, ENOUGH_ANSWERS)
    return SlowLimit(*found) if found else None


def first_quantile(
    stable: Sequence[Window],
    since: float,
    histogram: Callable[[Counts], Mapping[int, int]],
    enough: int,
) -> tuple[int, float] | None:
    """The bin of the 95th percentile in the earliest windows that hold enough, and from when on
    windows are evidence.
    """
    seen: dict[int, int] = {}
    for window in stable:
        for bin_, n in histogram(window.counts).items():
            seen[bin_] = seen.get(bin_, 0) + n
        if sum(seen.values()) >= enough:
            after = since if window.start < since else math.nextafter(window.start, math.inf)
            return _quantile_bin(seen), after
    return None


def _quantile_bin(seen: Mapping[int, int]) -> int:
    rank, passed = QUANTILE * sum(seen.values()), 0
    for bin_ in sorted(seen):
        passed += seen[bin_]
        if passed >= rank:
            return bin_
    raise ValueError("no answers to take a quantile of")
