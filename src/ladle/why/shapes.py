"""Every step and every ramp of a grid is fitted beside the season for the price of a few products.

A step may begin at any row that leaves 2 % of the labels' weight on either side, a ramp at any of sixteen
points and end at any later one but the next. By sums from each row to the end, of 1, b and b^2 (b the
row's bin), a shape costs as many products as the fit has columns, however many rows there are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from ladle.why.season import Fit
from ladle.why.series import Series, Tally

TRIM = 0.02
_GRID = 16
_SHORTEST = 2  # steps of the grid


class Form(StrEnum):
    """How a change looks."""

    STEP = "step"
    RAMP = "ramp"


@dataclass(frozen=True, slots=True)
class Shape:
    """0 before the row ``first``, 1 from the row ``last`` on, a straight line between; a step when equal.

    ``z`` and ``information`` (its squared standard error, inverted) are those of the joint fit.
    """

    first: int
    last: int
    z: float
    information: float

    @property
    def form(self) -> Form:
        return Form.STEP if self.first == self.last else Form.RAMP

    @property
    def effect(self) -> float:
        """Difference of the rates of wrong answers, after minus before."""
        return self.z / math.sqrt(self.information)


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a series that have labels: one per bin, all releases together."""

    bins: tuple[int, ...]
    labelled: tuple[float, ...]
    wrong: tuple[float, ...]
    times: tuple[float, ...]
    bin_s: float

    @property
    def rate(self) -> float:
        """Pooled, and never 0 or 1."""
        return (sum(self.wrong) + 0.5) / (sum(self.labelled) + 1.0)


def grid(found: Series) -> Grid:
    tallies: dict[int, Tally] = {}
    for cell in found.cells:
        if cell.tally.labelled > 0:
            tallies[cell.bin] = tallies.get(cell.bin, Tally()) + cell.tally
    bins = tuple(sorted(tallies))
    return Grid(
        bins,
        tuple(tallies[b].labelled for b in bins),
        tuple(tallies[b].wrong for b in bins),
        tuple(found.time(b) for b in bins),
        found.bin_s,
    )


def column(on: Grid, shape: Shape) -> tuple[float, ...]:
    """The shape's value on every row."""
    first, length = on.bins[shape.first], on.bins[shape.last] - on.bins[shape.first]
    if length == 0:
        return tuple(float(b >= first) for b in on.bins)
    return tuple(min(1.0, max(0.0, (b - first) / length)) for b in on.bins)


def shapes(on: Grid, fitted: Fit) -> Iterator[Shape]:
    """All of them, the steps first; none where there are too few rows to tell."""
    rows = len(on.bins)
    if rows < 3:
        return
    sums = _Sums(on, fitted)
    total = sums.weight[0]
    inside = [i for i in range(1, rows) if TRIM <= sums.weight[i] / total <= 1 - TRIM]
    for i in inside:
        yield from sums.shape(i, i)
    step = max(1, rows // _GRID)
    knots = range(0, rows, step)
    for i in knots:
        for k in range(i + _SHORTEST * step, rows, step):
            yield from sums.shape(i, k)


class _Sums:
    """Sums from each row to the end of all that a shape is weighed by."""

    def __init__(self, on: Grid, fitted: Fit) -> None:
        w = fitted.weights
        self._bins = bins = [float(b) for b in on.bins]
        self.weight = _from_right(w)
        self._once = _from_right([x * b for x, b in zip(w, bins, strict=True)])
        self._twice = _from_right([x * b * b for x, b in zip(w, bins, strict=True)])
        against = [
            [x * y for x, y in zip(w, values, strict=True)]
            for values in (fitted.residuals, *fitted.columns)
        ]
        self._plain = [_from_right(values) for values in against]
        self._moments = [
            _from_right([v * b for v, b in zip(values, bins, strict=True)]) for values in against
        ]

    def shape(self, i: int, k: int) -> Iterator[Shape]:
        """Nothing where season and known changes say it all."""
        if i == k:
            products = [s[i] for s in self._plain]
            square = self.weight[i]
        else:
            begin, length = self._bins[i], self._bins[k] - self._bins[i]
            products = [
                (m[i] - m[k] - begin * (s[i] - s[k])) / length + s[k]
                for s, m in zip(self._plain, self._moments, strict=True)
            ]
            plain, once, twice = (s[i] - s[k] for s in (self.weight, self._once, self._twice))
            within = twice - 2 * begin * once + begin * begin * plain
            square = within / length**2 + self.weight[k]
        residual, *shares = products
        information = square - sum([s * s for s in shares])
        if information > 1e-9 * square:
            yield Shape(i, k, residual / math.sqrt(information), information)


def _from_right(values: Sequence[float]) -> list[float]:
    return list(accumulate(reversed(values)))[::-1]
