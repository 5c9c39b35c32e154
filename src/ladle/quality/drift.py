"""How far what a model is asked, or answers, is from what it was trained on; it decides nothing.

Counts in the reference's bins give the Kolmogorov-Smirnov distance at the bins' edges, D: the largest
share of rows that lies on another side of a limit than in training. With n rows against m of the
reference, D above

    floor = sqrt(-ln(a/2)/2) · sqrt((n + m)/(n m)),   a = 1 % over the columns

is no chance (the two-sample form of the Dvoretzky-Kiefer-Wolfowitz bound; bins only make D smaller). Since any D is certain to
be above it with enough rows, a column is called drifted only where D also is worth telling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.reference import SEEN, TRAINED

WORTH_TELLING = 0.1  # one row in ten on another side
FALSE_ALARM = 0.01


@dataclass(frozen=True, slots=True)
class Drift:
    """Of one column: ``distance`` is D, ``floor`` what chance explains; ``population_stability`` for
    those who know that index.
    """

    column: str
    rows: int
    distance: float
    floor: float
    population_stability: float

    @property
    def is_real(self) -> bool:
        return self.distance > self.floor

    @property
    def drifted(self) -> bool:
        return self.is_real and self.distance >= WORTH_TELLING


def reference_key(model: str, release: int) -> WindowKey:
    """Where a release's reference is counted: apart, so that it is read without the counters of a
    year. No model has a name with a point.
    """
    return WindowKey(f"{model}.reference", release, 0.0)


def drifts(reference: Counts, seen: Counts) -> tuple[Drift, ...]:
    """The columns that were seen, the farthest first."""
    trained, now = _by_column(reference, TRAINED), _by_column(seen, SEEN)
    columns = sorted(trained.keys() & now.keys())
    found = [_drift(c, trained[c], now[c], len(columns)) for c in columns]
    return tuple(sorted(found, key=lambda d: -d.distance))


@dataclass(frozen=True, slots=True)
class Onset:
    """A column of a release that was drifted whenever it was seen from ``since`` on."""

    release: int
    drift: Drift
    since: float


def onsets(release: int, reference: Counts, windows: Sequence[Window]) -> Iterator[Onset]:
    """Of the columns that are drifted at the end; what was so from the first hour on did not begin."""
    hours = [w for w in windows if any(name.startswith(SEEN) for name in w.counts.tallies)]
    each = [(w.start, {d.column: d for d in drifts(reference, w.counts)}) for w in hours]
    for column, last in each[-1][1].items() if each else ():
        since, before = None, False
        for start, found in each:
            drift = found.get(column, last)
            if drift.drifted and since is None:
                since = start
            elif not drift.drifted:
                since, before = None, True
        if since is not None and before:
            yield Onset(release, last, since)


def _by_column(counts: Counts, prefix: str) -> Mapping[str, Mapping[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for name, n in counts.tallies.items():
        if name.startswith(prefix):
            column, _, bin_ = name[len(prefix) :].rpartition(".")
            found.setdefault(column, {})[int(bin_)] = n
    return found


def _drift(column: str, trained: Mapping[int, int], now: Mapping[int, int], columns: int) -> Drift:
    bins = range(max(*trained, *now) + 1)
    theirs, ours = [trained.get(b, 0) for b in bins], [now.get(b, 0) for b in bins]
    m, n = sum(theirs), sum(ours)
    if not m or not n:
        return Drift(column, n, 0.0, math.inf, 0.0)
    pairs = zip(accumulate(theirs), accumulate(ours), strict=True)
    distance = max(abs(a / m - b / n) for a, b in pairs)
    floor = math.sqrt(-math.log(FALSE_ALARM / columns / 2) / 2 * (n + m) / (n * m))
    stability = math.fsum(
        ((b + 0.5) / n - (a + 0.5) / m) * math.log((b + 0.5) / n / ((a + 0.5) / m))
        for a, b in zip(theirs, ours, strict=True)
    )
    return Drift(column, n, distance, floor, stability)
