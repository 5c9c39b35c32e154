"""The false-rollback rate at full size: 2,000 rollouts of each shape of traffic, all three guards.

Prints the rates; docs/benchmarks.md quotes them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.evidence import judge
from ladle.simulation.streams import (
    Labels,
    LateLabels,
    Rate,
    Traffic,
    bursty,
    constant,
    diurnal,
    failing,
    outage,
)

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]

ROLLOUTS = 2000
FAILURES = RolloutPolicy(guards=(Guard(GuardName.FAILURES, worse_than=1.0),))
QUALITY = RolloutPolicy(
    guards=(
        Guard(GuardName.FAILURES, worse_than=1.2),
        Guard(GuardName.LATENCY, worse_than=1.2),
        Guard(GuardName.ACCURACY, worse_by=0.005),
    ),
    labels_expected=True,
)
SHAPES: dict[str, tuple[Traffic, int, Callable[[random.Random], Rate]]] = {
    "steady": (Traffic(), 60, lambda _: constant(0.01)),
    "shared outage": (Traffic(), 60, lambda _: outage(0.01, 0.2, 20, 30)),
    "bursts": (Traffic(), 60, lambda draws: bursty(0.01, draws)),
    "day and night": (Traffic(), 60, lambda _: diurnal(0.02, 60)),
    "six requests a minute": (Traffic(6), 360, lambda _: constant(0.01)),
    "a request a minute": (Traffic(1), 600, lambda _: constant(0.05)),
    "half and half": (Traffic(60, 0.5), 60, lambda _: constant(0.05)),
    "holdback": (Traffic(60, 0.95), 60, lambda _: constant(0.05)),
}


def allowed(rollouts: int) -> int:
    """The promised 1 % and three standard deviations of chance."""
    mean = rollouts * 0.01
    return math.ceil(mean + 3 * math.sqrt(mean * 0.99))


@pytest.mark.parametrize("shape", SHAPES)
def test_an_equal_candidate_is_rolled_back_in_at_most_one_of_a_hundred_rollouts(shape: str) -> None:
    traffic, windows, rate_of = SHAPES[shape]
    rolled_back = 0
    for seed in range(ROLLOUTS):
        draws = random.Random(seed)
        rate = rate_of(draws)
        arms = failing(draws, traffic, windows, rate, rate)
        rolled_back += judge(*arms, FAILURES, 0.0, (1, 2)).worst is not None
    print(f"{shape}: {rolled_back} of {ROLLOUTS}")
    assert rolled_back <= allowed(ROLLOUTS)


@pytest.mark.parametrize(("wrong_after", "right_after"), [(30, 240), (240, 30), (60, 60)])
def test_late_labels_keep_the_rate_although_each_window_is_looked_at(
    wrong_after: float, right_after: float
) -> None:
    rollouts, rolled_back = 400, 0
    for seed in range(rollouts):
        late = LateLabels(random.Random(seed), Traffic(60), Labels(wrong_after, right_after, 0.5))
        for window in range(120):
            late.pass_window(0.1, 0.1)
            if window % 4 == 3 and judge(*late.look(), QUALITY, 0.0, (1, 2)).worst:
                rolled_back += 1
                break
    print(f"labels after {wrong_after} and {right_after} windows: {rolled_back} of {rollouts}")
    assert rolled_back <= allowed(rollouts)
