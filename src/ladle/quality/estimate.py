"""Before labels come: what a classifier's own confidence says of its accuracy. Advisory, decides nothing.

By the difference of confidences (D. Guillory and others, "Predicting with Confidence on Unseen
Distributions", ICCV 2021): the accuracy that labels showed for the stable release, plus the candidate's
mean confidence less the stable release's. Without such labels there is no estimate. It sees inputs that
have become harder; a model that is confidently wrong it does not see, nor that the truth has changed.
"""

from __future__ import annotations

from ladle.quality.counts import MICRO, Counts
from ladle.quality.reference import SURE_ROWS, SURE_SUM

ENOUGH = 100  # rows with a confidence, and labels


def confidence(counts: Counts) -> float | None:
    """The mean over rows; None of too few."""
    rows = counts.tallies.get(SURE_ROWS, 0)
    return counts.tallies.get(SURE_SUM, 0) / MICRO / rows if rows >= ENOUGH else None


def estimate(stable: Counts, candidate: Counts) -> float | None:
    """The candidate's accuracy, to be told and never to be decided by."""
    theirs, ours = confidence(stable), confidence(candidate)
    if theirs is None or ours is None or stable.labelled < ENOUGH:
        return None
    known = 1 - stable.wrong_micro / stable.labelled_micro
    return min(1.0, max(0.0, known + ours - theirs))
