"""Before labels come: what a classifier's own confidence says of its accuracy. Advisory, decides nothing.

By the difference of confidences (D. Guillory and others, "Predicting with Confidence on Unseen
Distributions", ICCV 2021): the accuracy that labels showed for the stable release, plus the candidate's
mean confidence less the stable release's. Without such labels there is no estimate. It sees inputs that
have become harder; a model that is confidently wrong it does not see, nor that the truth has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle.quality.counts import MICRO, Counts

ENOUGH = 100  # rows with a confidence, and labels
_SUM, _ROWS = "q_sum", "q_rows"
_OFF = 0.01  # by which the scores of a row may miss 1 and still be probabilities


def tallies(outputs: Mapping[str, Any]) -> Mapping[str, int]:
    """The sum of the highest probability of each row, in millionths, and the rows. Of numpy arrays by
    row and column; the first that holds probabilities counts.
    """
    for scores in outputs.values():
        if scores.dtype.kind == "f" and scores.shape[1] > 1 and len(scores):
            off = abs(scores.sum(1) - 1).max()
            if off <= _OFF and scores.min() >= 0:
                return {_SUM: round(float(scores.max(1).sum()) * MICRO), _ROWS: len(scores)}
    return {}


def confidence(counts: Counts) -> float | None:
    """The mean over rows; None of too few."""
    rows = counts.tallies.get(_ROWS, 0)
    return counts.tallies.get(_SUM, 0) / MICRO / rows if rows >= ENOUGH else None


def estimate(stable: Counts, candidate: Counts) -> float | None:
    """The candidate's accuracy, to be told and never to be decided by."""
    theirs, ours = confidence(stable), confidence(candidate)
    if theirs is None or ours is None or stable.labelled < ENOUGH:
        return None
    known = 1 - stable.wrong_micro / stable.labelled_micro
    return min(1.0, max(0.0, known + ours - theirs))
