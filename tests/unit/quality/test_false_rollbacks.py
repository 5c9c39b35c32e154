"""The promised false-rollback rate, by simulation; tests/gate holds the full size.

Seeds are fixed, so that a failure is a change of the code and not of the luck.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.counts import Window
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

RUNS = 300
ALLOWED = 9  # of 300 at a rate of 1 %: three standard deviations above the mean of 3

NO_MARGIN = RolloutPolicy(guards=(Guard(GuardName.FAILURES, worse_than=1.0),))
QUALITY = RolloutPolicy(guards=(Guard(GuardName.ACCURACY, worse_by=0.005),), labels_expected=True)

Arms = tuple[list[Window], list[Window]]
SHAPES: dict[str, tuple[Traffic, int, Callable[[random.Random], Rate]]] = {
    "steady": (Traffic(), 40, lambda _: constant(0.01)),
    "shared outage": (Traffic(), 40, lambda _: outage(0.01, 0.2, 15, 25)),
    "bursts": (Traffic(), 40, lambda draws: bursty(0.01, draws)),
    "day and night": (Traffic(), 40, lambda _: diurnal(0.02, 40)),
    "a request a minute": (Traffic(1), 400, lambda _: constant(0.05)),
    "half and half": (Traffic(60, 0.5), 40, lambda _: constant(0.05)),
    "holdback": (Traffic(60, 0.95), 40, lambda _: constant(0.05)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_an_equal_candidate_is_hardly_ever_rolled_back(shape: str) -> None:
    traffic, windows, rate_of = SHAPES[shape]
    rolled_back = 0
    for seed in range(RUNS):
        draws = random.Random(seed)
        rate = rate_of(draws)
        stable, candidate = failing(draws, traffic, windows, rate, rate)
        rolled_back += judge(stable, candidate, NO_MARGIN, 0.0, (1, 2)).worst is not None
    assert rolled_back <= ALLOWED


@pytest.mark.parametrize(("wrong_after", "right_after"), [(10, 80), (80, 10), (20, 20)])
def test_late_labels_do_not_bias_it(wrong_after: float, right_after: float) -> None:
    """Looked at again and again while labels of old windows still come in."""
    rolled_back = 0
    for seed in range(60):
        late = LateLabels(random.Random(seed), Traffic(60), Labels(wrong_after, right_after))
        for window in range(40):
            late.pass_window(0.1, 0.1)
            if window % 4 == 3 and judge(*late.look(), QUALITY, 0.0, (1, 2)).worst:
                rolled_back += 1
                break
    assert rolled_back <= 3


@pytest.mark.parametrize(
    ("stable", "candidate", "median_at_most"), [(0.01, 0.03, 600), (0.01, 0.1, 80), (0.01, 1, 20)]
)
def test_a_failing_candidate_is_found_before_it_has_served_many(
    stable: float, candidate: float, median_at_most: int
) -> None:
    needed = [
        _requests_until_worse(
            failing(random.Random(seed), Traffic(100), 300, constant(stable), constant(candidate)),
        )
        for seed in range(41)
    ]
    assert sorted(needed)[20] <= median_at_most


def _requests_until_worse(arms: Arms) -> int:
    """Bisects: a verdict of WORSE stays."""
    stable, candidate = arms
    low, high = 0, len(stable)
    assert judge(stable, candidate, NO_MARGIN, 0.0, (1, 2)).worst
    while high - low > 1:
        middle = (low + high) // 2
        if judge(stable[:middle], candidate[:middle], NO_MARGIN, 0.0, (1, 2)).worst:
            high = middle
        else:
            low = middle
    return sum(w.counts.requests for w in candidate[:high])


@pytest.mark.parametrize(("wrong_after", "right_after"), [(10, 80), (80, 10), (20, 20)])
def test_a_worse_model_is_found_by_late_labels(wrong_after: float, right_after: float) -> None:
    found = 0
    for seed in range(10):
        late = LateLabels(random.Random(seed), Traffic(200), Labels(wrong_after, right_after))
        for _ in range(80):
            late.pass_window(0.1, 0.25)
        found += judge(*late.look(), QUALITY, 0.0, (1, 2)).worst is not None
    assert found == 10
