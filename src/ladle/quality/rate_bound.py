"""A rate is under a bound when betting against every rate above it has paid off.

The bet on the rate q < bound multiplies its capital by q/bound for an event and by
(1 - q)/(1 - bound) for none. For an outcome x in [0, 1] the product of the two powers is convex in
x, so that its mean is at most 1 while the true rate is at least ``bound``, also one that changes;
by Ville's inequality the capital then reaches 1/alpha with probability at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import WORSE_RATIOS, Capital, log_mean_exp


def play_under(bound: float, arms: Iterable[ArmCounts]) -> Capital:
    """Evidence that the rate of these windows is under ``bound`` (in (0, 1))."""
    nats = [0.0] * len(WORSE_RATIOS)
    path: list[float] = []
    for arm in arms:
        for i, ratio in enumerate(WORSE_RATIOS):
            good = math.log((1 - bound / ratio) / (1 - bound))
            nats[i] += (arm.exposed - arm.events) * good - arm.events * math.log(ratio)
        path.append(log_mean_exp(nats))
    return Capital(tuple(path), tuple(nats))
