"""A rate is under a bound when betting against every rate above it has paid off.

The bet on the rate q < bound multiplies its capital by q/bound for an event and by
(1 - q)/(1 - bound) for none. For an outcome x in [0, 1] the product of the two powers is convex in
x, so that its mean is at most 1 while the true rate is at least ``bound``, also one that changes;
by Ville's inequality the capital then reaches 1/alpha with probability at most alpha.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import WORSE_RATIOS

NOTHING_EARNED = (0.0,) * len(WORSE_RATIOS)


def earn_under(nats: Sequence[float], bound: float, arm: ArmCounts) -> tuple[float, ...]:
    """What the bet on each rate under ``bound`` has after one more window."""
    return tuple(
        [
            n + (arm.exposed - arm.events) * good - arm.events * event
            for n, (good, event) in zip(nats, _nats_of(bound), strict=True)
        ]
    )


@lru_cache(64)
def _nats_of(bound: float) -> tuple[tuple[float, float], ...]:
    """Of each bet: what it earns when nothing happens, and what an event costs it."""
    return tuple(
        (math.log((1 - bound / ratio) / (1 - bound)), math.log(ratio)) for ratio in WORSE_RATIOS
    )
