"""Labels decide about quality only while they arrive alike in both releases.

Who labels may pick what to label (only approved loans get an outcome), and a candidate that changes
the picking changes the accuracy that is seen. So the event-share test runs on "a label arrived",
in both directions. A ratio of 1.5 is taken as harmless: where wrong answers are reported sooner
than right ones, a worse candidate has more labels, and must not be excused by that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts
from ladle.quality.event_share import WORSE_RATIOS, Bet, Margin, log_mean_exp, play
from ladle.quality.pairing import PairedWindow, pool

HARMLESS_RATIO = 1.5
LIMIT_NATS = math.log(100)

_MORE = tuple(Bet(r, Margin(HARMLESS_RATIO)) for r in WORSE_RATIOS)
_FEWER = tuple(Bet(1 / r, Margin(1 / HARMLESS_RATIO)) for r in WORSE_RATIOS)


def answered_and_labelled(counts: Counts) -> ArmCounts:
    """Only an answered request can get a label."""
    answered = counts.requests - counts.failed - counts.rejected
    return ArmCounts(float(max(0, answered)), counts.labelled_micro / MICRO)


def differs(windows: Sequence[PairedWindow]) -> bool:
    """Whether one release's answers get clearly more labels than the other's."""
    pairs = pool(windows, answered_and_labelled)
    both = [play(_MORE, pairs).now, play(_FEWER, pairs).now]
    return log_mean_exp(both) >= LIMIT_NATS
