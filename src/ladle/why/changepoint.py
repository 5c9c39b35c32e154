"""A step, a ramp or none, by one scan with a stated rate of false alarms.

Every shape (see ``shapes``) is fitted together with the season; its z is what the fit gains by it.
Under "no change" z of one shape is standard normal, and the largest over all steps exceeds b in absolute
value with probability about

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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ladle.why.season import Fit, fit, season, spread, with_column
from ladle.why.shapes import TRIM, Form, Grid, Shape, column, shapes

FALSE_ALARM = 0.01
MOST_CHANGES = 4


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


def scan(on: Grid, without: Sequence[Shape] = ()) -> Scan:
    """All shapes, beside the season and the changes ``without`` that are known already."""
    fitted = _fitted(on, without)
    found = tuple(shapes(on, fitted))
    best = max(found, key=lambda s: abs(s.z), default=None)
    free = len(on.bins) - len(fitted.columns) - 1
    explained = best.z**2 if best else 0.0
    seen = (fitted.chi_square - explained) / free if free > 0 else 1.0
    dispersion = max(1.0, seen)
    weighed = tuple(
        Shape(s.first, s.last, s.z / math.sqrt(dispersion), s.information / dispersion)
        for s in found
    )
    ramps = sum(s.form is Form.RAMP for s in found)
    return Scan(on, spread(fitted, dispersion), weighed, limit(ramps), dispersion)


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


def _fitted(on: Grid, without: Sequence[Shape]) -> Fit:
    variance = on.rate * (1 - on.rate)
    weights = [n / variance for n in on.labelled]
    rates = [k / n for k, n in zip(on.wrong, on.labelled, strict=True)]
    fitted = fit(rates, weights, season(on.times, on.bin_s))
    for shape in without:
        fitted = with_column(fitted, column(on, shape))
    return fitted


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
