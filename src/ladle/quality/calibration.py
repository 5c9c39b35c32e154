"""Whether an answer that calls itself 90 % sure is right in nine of ten cases, told by labels.

By the probability q of the class that was answered: Brier's score is the mean of (q - right)^2, log-loss
the mean of -ln of what was said of the truth, right or not right (with two classes: the usual ones). The
calibration error is the mean over ten bins of q of how far the share of right answers is from it,
weighted by their labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from ladle.quality.counts import Counts

BINS = 10
_EDGE = 0.001  # a probability nearer to 0 or 1 counts as this, or one answer would be all of the log-loss
_LABELLED, _SURE, _RIGHT = "q", "qs", "qr"
_BRIER, _LOG = "q_brier", "q_log"


def tallies(confidence: float | None, labelled_micro: int, wrong_micro: int) -> Mapping[str, int]:
    """What one label adds; nothing where the model gave no probability."""
    if confidence is None or not 0 <= confidence <= 1:
        return {}
    right = labelled_micro - wrong_micro
    said = min(1 - _EDGE, max(_EDGE, confidence if right else 1 - confidence))
    bin_ = min(BINS - 1, int(confidence * BINS))
    found = {
        f"{_LABELLED}.{bin_}": labelled_micro,
        f"{_SURE}.{bin_}": round(confidence * labelled_micro),
        f"{_RIGHT}.{bin_}": right,
        _BRIER: round((confidence - (right > 0)) ** 2 * labelled_micro),
        _LOG: round(-math.log(said) * labelled_micro),
    }
    return {name: n for name, n in found.items() if n}


def brier(counts: Counts) -> float | None:
    return _mean(counts, _BRIER)


def log_loss(counts: Counts) -> float | None:
    return _mean(counts, _LOG)


def calibration_error(counts: Counts) -> float | None:
    labelled = _labelled(counts)
    if not labelled:
        return None
    off = (
        abs(counts.tallies.get(f"{_SURE}.{b}", 0) - counts.tallies.get(f"{_RIGHT}.{b}", 0))
        for b in range(BINS)
    )
    return sum(off) / labelled


def _mean(counts: Counts, name: str) -> float | None:
    labelled = _labelled(counts)
    return counts.tallies.get(name, 0) / labelled if labelled else None


def _labelled(counts: Counts) -> int:
    return sum(counts.tallies.get(f"{_LABELLED}.{b}", 0) for b in range(BINS))
