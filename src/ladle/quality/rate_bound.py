"""A rate is under a bound when betting against every rate above it has paid off.

The bet on the rate q < bound multiplies its capital by q/bound for an event and by
(1 - q)/(1 - bound) for none. For an outcome x in [0, 1] the product of the two powers is convex in
x, so that its mean is at most 1 while the true rate is at least ``bound``, also one that changes;
by Ville's inequality the capital then reaches 1/alpha with probability at most alpha.
"""

from __future__ import annotations

import math
from functools import lru_cache

from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import WORSE_RATIOS


def earned_under(bound: float, arm: ArmCounts) -> tuple[float, ...]:
    """Nats of the bet on each rate under ``bound``; of all windows at once, since they only add up."""
    return tuple(
        [(arm.exposed - arm.events) * good - arm.events * event for good, event in _nats_of(bound)]
    )


@lru_cache(64)
def _nats_of(bound: float) -> tuple[tuple[float, float], ...]:
    """Of each bet: what it earns when nothing happens, and what an event costs it."""
    return tuple(
        (math.log((1 - bound / ratio) / (1 - bound)), math.log(ratio)) for ratio in WORSE_RATIOS
    )
