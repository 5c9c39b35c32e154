"""What hour and weekday alone explain is taken out by least squares together with what is looked for.

The rates of a grid's bins are fitted by a constant, four harmonics of the day (from three days on) and
the days of the week (from three weeks on), weighted by the labels; each harmonic and the week only where
it gains more than it costs (Akaike's criterion: chi-square falls by more than two for each column), since
a season that is not there hides a change. The columns are made orthonormal, so that any further
regressor x costs only its products with them: with weights W, columns Q and residuals r

    effect = x'Wr / v,   z = x'Wr / sqrt(v),   v = x'Wx - |Q'Wx|^2

which is the joint fit of season and x (Frisch, Waugh, Lovell), not a fit of x to a season that had
swallowed part of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DAY_S = 86_400.0
_HARMONICS = 4
_DAYS_FOR_HOURS = 3
_DAYS_FOR_WEEKDAYS = 21
_COARSEST_S = 3 * 3600.0  # a bin that is longer holds too much of a day


@dataclass(frozen=True, slots=True)
class Fit:
    """``weights`` are inverse variances of the rates; ``columns`` are orthonormal in them."""

    weights: tuple[float, ...]
    columns: tuple[tuple[float, ...], ...]
    residuals: tuple[float, ...]

    @property
    def chi_square(self) -> float:
        pairs = zip(self.weights, self.residuals, strict=True)
        return math.fsum(w * r * r for w, r in pairs)


def fit(
    rates: Sequence[float], weights: Sequence[float], blocks: Iterator[Sequence[Sequence[float]]]
) -> Fit:
    """Weighted least squares on a constant and the blocks of columns that are worth their number."""
    fitted = with_column(Fit(tuple(weights), (), tuple(rates)), [1.0] * len(rates))
    for block in blocks:
        fuller = fitted
        for column in block:
            fuller = with_column(fuller, column)
        added = len(fuller.columns) - len(fitted.columns)
        if fitted.chi_square - fuller.chi_square > 2 * added:
            fitted = fuller
    return fitted


def spread(fitted: Fit, dispersion: float) -> Fit:
    """The same fit where all variances are so many times as large."""
    weights = tuple(w / dispersion for w in fitted.weights)
    root = math.sqrt(dispersion)
    columns = tuple(tuple(x * root for x in column) for column in fitted.columns)
    return Fit(weights, columns, fitted.residuals)


def with_column(fitted: Fit, column: Sequence[float]) -> Fit:
    """The fit with one more regressor; the same if its columns explain that one already."""
    left, size = list(column), _norm(fitted.weights, column)
    for known in fitted.columns:
        share = _product(fitted.weights, known, left)
        left = [x - share * k for x, k in zip(left, known, strict=True)]
    norm = _norm(fitted.weights, left)
    if norm <= 1e-6 * size or norm == 0.0:
        return fitted
    unit = tuple(x / norm for x in left)
    share = _product(fitted.weights, unit, fitted.residuals)
    residuals = tuple(r - share * u for r, u in zip(fitted.residuals, unit, strict=True))
    return Fit(fitted.weights, (*fitted.columns, unit), residuals)


def season(times: Sequence[float], bin_s: float) -> Iterator[Sequence[Sequence[float]]]:
    """Blocks of columns, as many as the length of the series can tell; ``times`` are UTC."""
    days = (times[-1] - times[0] + bin_s) / DAY_S if times else 0.0
    if days < _DAYS_FOR_HOURS or bin_s > _COARSEST_S:
        return
    turns = [2 * math.pi * ((t + bin_s / 2) % DAY_S) / DAY_S for t in times]
    for k in range(1, _HARMONICS + 1):
        yield [[wave(k * turn) for turn in turns] for wave in (math.cos, math.sin)]
    if days >= _DAYS_FOR_WEEKDAYS:
        yield [[float(t // DAY_S % 7 == weekday) for t in times] for weekday in range(6)]


def _product(weights: Sequence[float], a: Sequence[float], b: Sequence[float]) -> float:
    return sum([w * x * y for w, x, y in zip(weights, a, b, strict=True)])


def _norm(weights: Sequence[float], column: Sequence[float]) -> float:
    return math.sqrt(_product(weights, column, column))
