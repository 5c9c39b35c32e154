"""Labels decide about quality only while no picking of labels can excuse the candidate.

Who labels may pick what to label (only approved loans have an outcome), and a candidate that
changes the picking changes the accuracy that is seen. So the event-share test also runs on what
came per answered request: clearly more right labels, or clearly fewer labels, than the stable
release's make the labels of the two incomparable. More *wrong* labels do not: wrong answers are
often reported sooner, and a bad candidate must not be excused by how bad it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts
from ladle.quality.event_share import WORSE_RATIOS, Bet, Margin, log_mean_exp, play
from ladle.quality.pairing import PairedWindow, pool

HARMLESS_RATIO = 1.2
LIMIT_NATS = math.log(100)

_MORE = tuple(Bet(r, Margin(HARMLESS_RATIO)) for r in WORSE_RATIOS)
_FEWER = tuple(Bet(1 / r, Margin(1 / HARMLESS_RATIO)) for r in WORSE_RATIOS)


def differs(windows: Sequence[PairedWindow]) -> bool:
    """Whether the candidate's answers get their labels in clearly another way."""
    both = [play(_MORE, pool(windows, _right)).now, play(_FEWER, pool(windows, _labelled)).now]
    return log_mean_exp(both) >= LIMIT_NATS


def _labelled(counts: Counts) -> ArmCounts:
    return ArmCounts(_answered(counts), counts.labelled_micro / MICRO)


def _right(counts: Counts) -> ArmCounts:
    return ArmCounts(_answered(counts), (counts.labelled_micro - counts.wrong_micro) / MICRO)


def _answered(counts: Counts) -> float:
    """Only an answered request can get a label."""
    return float(max(0, counts.requests - counts.failed - counts.rejected))
