"""A judge that remembers says what one would that reads everything anew, whatever changed since."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.quality.running import RunningJudge
from ladle.quality.sources import tallies

FAILURES = Guard(GuardName.FAILURES, worse_than=1.2, fine_below=0.005)
LATENCY = Guard(GuardName.LATENCY, worse_than=1.2)
ACCURACY = Guard(GuardName.ACCURACY, worse_by=0.005)
POLICIES = [
    RolloutPolicy(guards=guards, labels_expected=True)
    for guards in ((FAILURES, LATENCY, ACCURACY), (FAILURES,), (LATENCY, ACCURACY), ())
]
APART = RolloutPolicy(guards=(ACCURACY,), labels_expected=True, label_sources=("desk", "shop"))
SINCE, WINDOW_S = 300.0, 60.0

Arm = dict[float, Counts]


def some(draws: random.Random, mean: int) -> Counts:
    requests = draws.choice((0, 1, mean, 2 * mean))
    labelled = draws.randint(0, requests)
    wrong = draws.randint(0, labelled) * MICRO // 2
    slow = draws.randint(0, requests)
    return Counts(
        requests=requests,
        failed=draws.randint(0, requests // 4),
        labelled_micro=labelled * MICRO,
        wrong_micro=wrong,
        latency={8: requests - slow, 12: slow},
        tallies=tallies(draws.choice(("desk", "shop", "gone")), labelled * MICRO, wrong, {}),
    )


def later(draws: random.Random, arm: Arm, mean: int, now: int) -> None:
    """What a minute may bring: new windows, late ones, late labels, a correction, nothing."""
    for _ in range(draws.choice((0, 1, 1, 3))):
        start = WINDOW_S * draws.choice((now, now, now, draws.randint(0, now)))
        arm[start] = arm.get(start, Counts()) + some(draws, mean)
    if arm and draws.random() < 0.2:
        start = draws.choice(sorted(arm))
        arm[start] += Counts(wrong_micro=-min(arm[start].wrong_micro, MICRO // 2))


def windows(arm: Arm) -> list[Window]:
    return [Window(start, arm[start]) for start in sorted(arm)]


@pytest.mark.parametrize(
    "policy",
    [*POLICIES, APART],
    ids=lambda p: "+".join([*(g.name for g in p.guards), *p.label_sources]),
)
@given(seed=st.integers(0, 10**6))
def test_it_equals_the_recomputation_at_every_look(policy: RolloutPolicy, seed: int) -> None:
    draws = random.Random(seed)
    stable: Arm = {}
    candidate: Arm = {}
    running = RunningJudge()
    for minute in range(30):
        later(draws, stable, 90, minute)
        if minute > draws.randint(0, 20):
            later(draws, candidate, 10, minute)
        seen = (windows(stable), windows(candidate), policy, SINCE, (1, 2))
        assert running.judge(*seen) == judge(*seen)


def test_another_rollout_begins_anew() -> None:
    counts = Counts(requests=100, failed=30)
    ours, theirs = [Window(SINCE, counts)], [Window(SINCE, Counts(requests=900))]
    running = RunningJudge()
    assert running.judge(theirs, ours, POLICIES[1], SINCE, (1, 2)).worst is not None
    later_on = (theirs, ours, POLICIES[1], SINCE + 1, (1, 3))
    assert running.judge(*later_on) == judge(*later_on)
    assert running.judge(*later_on).worst is None
