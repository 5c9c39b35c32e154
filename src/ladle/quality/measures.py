"""What labels say of a release in numbers that people know; each measure is one function and one row.

They are told, and decide nothing: that is for the guards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ladle.quality import calibration, errors
from ladle.quality.classes import recalls
from ladle.quality.counts import Counts
from ladle.quality.errors import histogram

Measure = Callable[[Counts], float | None]


def accuracy(counts: Counts) -> float | None:
    """None for a regression, of which no label is simply right."""
    if counts.labelled_micro <= 0 or histogram(counts):
        return None
    return 1 - counts.wrong_micro / counts.labelled_micro


def balanced_accuracy(counts: Counts) -> float | None:
    """The mean over true classes, which no mix of classes changes."""
    shares = [recall.share for recall in recalls(counts).values()]
    return sum(shares) / len(shares) if shares else None


MEASURES: Mapping[str, Measure] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "brier": calibration.brier,
    "log_loss": calibration.log_loss,
    "calibration_error": calibration.calibration_error,
    "mae": errors.mean_absolute,
    "rmse": errors.root_mean_square,
    "bias": errors.bias,
}


def measured(counts: Counts) -> dict[str, float]:
    """What can be told of these labels."""
    found = {name: measure(counts) for name, measure in MEASURES.items()}
    return {name: round(value, 6) for name, value in found.items() if value is not None}
