"""A step, a ramp or none, by one scan with a stated rate of false alarms.

Every step (at each bin's beginning, with 2 % of the labels' weight on either side) and every ramp (on a
grid of sixteen points) is fitted together with the season; its z is what the fit gains by it. Under "no
change" z of one shape is standard normal, and the largest over all steps exceeds b in absolute value
with probability about

    4 f(b)/b + f(b) (b - 1/b) ln[(1 - e)^2 / e^2],   f the normal density, e = 2 %

(R. Miller and D. Siegmund, "Maximally Selected Chi Square Statistics", Biometrics 38, 1982, which counts
events of a split sample as we do). The ramps are bounded by their number (Bonferroni). Each half gets
half of :data:`FALSE_ALARM`, and the larger of both limits holds for all.

Variances are binomial at the pooled rate, times the dispersion that is left after the best shape was
taken out where it is above 1: traffic whose rate wanders needs a larger change. A rate that wanders
slowly, for days, is a change to this test, and in fact. After one change was found the scan is repeated
with it taken out, up to four times; the stated rate is that of finding any where there is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate

from ladle.why.season import Fit, fit, season, spread, with_column
from ladle.why.series import Series, Tally

FALSE_ALARM = 0.01
TRIM = 0.02
MOST_CHANGES = 4
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


@dataclass(frozen=True, slots=True)
class Scan:
    """What was looked at: ``fitted`` holds the season and every other change; ``shapes`` what is left."""

    grid: Grid
    fitted: Fit
    shapes: tuple[Shape, ...]
    limit: float
    dispersion: float

    @property
    def best(self) -> Shape | None:
        return max(self.shapes, key=lambda s: abs(s.z), default=None)


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


def scan(on: Grid, without: Sequence[Shape] = ()) -> Scan:
    """All shapes, beside the season and the changes ``without`` that are known already."""
    fitted = _fitted(on, without)
    shapes = tuple(_shapes(on, fitted))
    best = max(shapes, key=lambda s: abs(s.z), default=None)
    free = len(on.bins) - len(fitted.columns) - 1
    explained = best.z**2 if best else 0.0
    seen = (fitted.chi_square - explained) / free if free > 0 else 1.0
    dispersion = max(1.0, seen)
    shapes = tuple(
        Shape(s.first, s.last, s.z / math.sqrt(dispersion), s.information / dispersion)
        for s in shapes
    )
    ramps = sum(s.form is Form.RAMP for s in shapes)
    return Scan(on, spread(fitted, dispersion), shapes, limit(ramps), dispersion)


def changes(on: Grid) -> tuple[Shape, ...]:
    """Every change that stands out, the clearest first; empty in at most FALSE_ALARM of quiet series."""
    found: list[Shape] = []
    while len(found) < MOST_CHANGES:
        looked = scan(on, found)
        best = looked.best
        if best is None or abs(best.z) < looked.limit:
            break
        found += _two_steps(on, found, looked, best) if best.form is Form.RAMP else (best,)
    return tuple(found)


def _two_steps(
    on: Grid, found: Sequence[Shape], looked: Scan, ramp: Shape
) -> tuple[Shape, Shape] | tuple[Shape]:
    """A ramp may be two steps one after the other: taken for them if they explain more, by at least
    what one more parameter is worth (ln of the rows, as in BIC), and each stands out beside the other.
    """
    first = _best_step(looked)
    second = first and _best_step(scan(on, [*found, first]))
    if first is None or second is None:
        return (ramp,)
    better = _best_step(scan(on, [*found, second])) or first
    clear = min(abs(better.z), abs(second.z)) >= looked.limit
    more = first.z**2 + second.z**2 > ramp.z**2 + math.log(len(on.bins))
    return (better, second) if clear and more else (ramp,)


def _best_step(looked: Scan) -> Shape | None:
    steps = (s for s in looked.shapes if s.form is Form.STEP)
    return max(steps, key=lambda s: abs(s.z), default=None)


@cache
def limit(ramps: int) -> float:
    """The least |z| that counts; see the module."""
    half = FALSE_ALARM / 2
    step = _solved(lambda b: _steps_exceed(b) - half)
    ramp = _solved(lambda b: ramps * math.erfc(b / math.sqrt(2)) - half) if ramps else 0.0
    return max(step, ramp)


def column(on: Grid, shape: Shape) -> tuple[float, ...]:
    """The shape's value on every row."""
    first, length = on.bins[shape.first], on.bins[shape.last] - on.bins[shape.first]
    if length == 0:
        return tuple(float(b >= first) for b in on.bins)
    return tuple(min(1.0, max(0.0, (b - first) / length)) for b in on.bins)


def _fitted(on: Grid, without: Sequence[Shape]) -> Fit:
    variance = on.rate * (1 - on.rate)
    weights = [n / variance for n in on.labelled]
    rates = [k / n for k, n in zip(on.wrong, on.labelled, strict=True)]
    fitted = fit(rates, weights, season(on.times, on.bin_s))
    for shape in without:
        fitted = with_column(fitted, column(on, shape))
    return fitted


def _shapes(on: Grid, fitted: Fit) -> Iterator[Shape]:
    """By sums from the right, any shape costs as many products as there are columns."""
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
    """Sums from each row to the end, of 1, b and b^2 (b the row's bin) times what a shape is weighed by."""

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


def _steps_exceed(b: float) -> float:
    density = math.exp(-b * b / 2) / math.sqrt(2 * math.pi)
    return 4 * density / b + density * (b - 1 / b) * 2 * math.log((1 - TRIM) / TRIM)


def _solved(falling: Callable[[float], float]) -> float:
    """Where a falling function is 0, by bisection."""
    low, high = 1.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return high
