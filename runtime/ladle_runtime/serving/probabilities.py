"""Scores are probabilities when each row of them sums to one."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_OFF: Final = 0.01  # by which a row may miss 1


def are_probabilities(scores: Any) -> bool:
    """Of any output, whatever it is."""
    if not isinstance(scores, np.ndarray) or scores.ndim != 2 or scores.dtype.kind != "f":
        return False
    if scores.shape[1] < 2 or not len(scores):
        return False
    return bool(abs(scores.sum(1) - 1).max() <= _OFF and scores.min() >= 0)
