"""How far a regression is off: exact sums for people, a clipped loss for the guard.

The guard bets on outcomes in [0, 1], so an error counts as

    loss = min(1, |predicted - true| / scale),   scale = 2 q,

q the 95th percentile of the stable release's absolute errors, measured once in its first windows as
``latency`` does with what is slow. Twice, so that what happens to one answer in twenty still
has room to become worse. Absolute errors are counted in bins half a power of two wide, and stand for
the upper end of their bin on both releases alike. So no scale has to be known when a label comes, and
labels of any unit add up. A label that comes late into the first windows may move q by a bin; then
the evidence is weighed again with the new scale.

Sums are kept in billionths of the label's unit, of its square for squares; an error above a billion
units counts as a billion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.labels import LabelValue, TextDigest
from ladle.quality.latency import first_quantile

ENOUGH_LABELS = 100 * MICRO
_NANO = 10**9
_LARGEST = 1e9
_FINEST = -40  # a bin's upper end is 2 ** (bin / 2): from a millionth on
_COARSEST, _NO_NUMBER = 60, 61
_BIN, _SUM, _ABSOLUTE, _SQUARES = "e.", "e_sum", "e_abs", "e_squares"


def tallies(predicted: LabelValue | TextDigest, true: LabelValue, micro: int) -> Mapping[str, int]:
    """What one label adds that weighs ``micro`` of a request."""
    error = _error(predicted, true)
    if error is None:
        return {f"{_BIN}{_NO_NUMBER}": micro}
    share = micro / MICRO
    found = {
        f"{_BIN}{bin_of(abs(error))}": micro,
        _SUM: round(error * _NANO * share),
        _ABSOLUTE: round(abs(error) * _NANO * share),
        _SQUARES: round(error * error * _NANO * share),
    }
    return {name: n for name, n in found.items() if n}


def bin_of(error: float) -> int:
    """The finest bin also holds what is nearer than a millionth."""
    if error <= 2 ** (_FINEST / 2):
        return _FINEST
    return min(_COARSEST, math.ceil(2 * math.log2(error) - 1e-9))


@dataclass(frozen=True, slots=True)
class Scale:
    """``bin_`` holds the 95th percentile; evidence begins with the windows that start at ``after``."""

    bin_: int
    after: float

    @property
    def unit(self) -> float:
        """The error, in the label's unit, from which on everything is as bad."""
        return float(2 * 2 ** (self.bin_ / 2))

    def read(self, counts: Counts) -> tuple[float, float]:
        """Labelled requests, and their loss."""
        lost = [n * min(1.0, 2 ** ((b - self.bin_) / 2) / 2) for b, n in histogram(counts).items()]
        return counts.labelled_micro / MICRO, math.fsum(lost) / MICRO


def freeze(stable: Sequence[Window], since: float) -> Scale | None:
    """From the earliest windows with enough labels, sorted by start; None while there are too few."""
    found = first_quantile(stable, since, histogram, ENOUGH_LABELS)
    return Scale(*found) if found else None


def histogram(counts: Counts) -> dict[int, int]:
    found = counts.tallies.items()
    return {int(name[len(_BIN) :]): n for name, n in found if name.startswith(_BIN)}


def binned(histogram: Mapping[int, int]) -> Mapping[str, int]:
    """As tallies: what :func:`histogram` reads."""
    return {f"{_BIN}{bin_}": n for bin_, n in histogram.items()}


def mean_absolute(counts: Counts) -> float | None:
    """Of the labels that were numbers, as all three."""
    return _mean(counts, _ABSOLUTE)


def root_mean_square(counts: Counts) -> float | None:
    mean = _mean(counts, _SQUARES)
    return None if mean is None else math.sqrt(max(0.0, mean))


def bias(counts: Counts) -> float | None:
    """Above zero where the model predicts too much."""
    return _mean(counts, _SUM)


def _mean(counts: Counts, name: str) -> float | None:
    binned = histogram(counts)
    numbers = (sum(binned.values()) - binned.get(_NO_NUMBER, 0)) / MICRO
    return counts.tallies.get(name, 0) / _NANO / numbers if numbers > 0 else None


def _error(predicted: LabelValue | TextDigest, true: LabelValue) -> float | None:
    """None where one of them is no number: that is as wrong as can be."""
    if isinstance(predicted, TextDigest):
        return None
    try:
        error = float(predicted) - float(true)
    except (ValueError, OverflowError):
        return None
    return max(-_LARGEST, min(_LARGEST, error)) if math.isfinite(error) else None
