"""Right answers that nobody labels make no release worse; wrong ones do."""

from __future__ import annotations

import random

import pytest

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.simulation.requests import some
from ladle.simulation.streams import Traffic, deal

POLICY = RolloutPolicy(guards=(Guard(GuardName.ACCURACY, worse_than=1.0),), labels_expected=True)
TRAFFIC = Traffic(per_window=100, candidate_share=0.1)


def found_worse(seed: int, wrong: float, kept: float) -> bool:
    """Of the candidate's right answers ``kept`` get a label, of all others each; two hours, a tenth tried."""
    draws = random.Random(seed)
    arms: tuple[list[Window], list[Window]] = ([], [])
    for minute in range(120):
        dealt = zip(arms, deal(draws, TRAFFIC), (0.1, wrong), (1.0, kept), strict=True)
        for arm, n, rate, labelled in dealt:
            bad = some(draws, n, rate)
            right = some(draws, n - bad, labelled)
            labels = Counts(labelled_micro=(bad + right) * MICRO, wrong_micro=bad * MICRO)
            arm.append(Window(60.0 * minute, Counts(requests=n) + labels))
    return judge(*arms, POLICY, 0.0, (1, 2)).worst is not None


@pytest.mark.parametrize("kept", [0.8, 0.7, 0.5])
def test_a_source_that_leaves_out_right_answers_of_one_release_rolls_nothing_back(
    kept: float,
) -> None:
    assert not any(found_worse(seed, 0.1, kept) for seed in range(10))


def test_a_candidate_that_is_wrong_more_often_is_found_also_so() -> None:
    assert all(found_worse(seed, 0.2, kept=0.9) for seed in range(10))
