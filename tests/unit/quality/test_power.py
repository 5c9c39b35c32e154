"""What a trial is said to catch, simulated rollouts do catch, as often and not much oftener."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.catalog import Strategy
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.evidence import judge
from ladle.quality.latency import QUANTILE
from ladle.quality.power import ASSUMED_RATES, Catch, foresee
from ladle.simulation.streams import Traffic, binomial, deal

GUARDS = (
    Guard(GuardName.FAILURES, worse_than=1.2, fine_below=0.005),
    Guard(GuardName.LATENCY, worse_than=1.2),
    Guard(GuardName.ACCURACY, worse_by=0.005),
)
POLICY = RolloutPolicy(guards=GUARDS, labels_expected=True)
TEN_THOUSAND_A_DAY, A_MILLION_A_DAY = 10_000 / 86_400, 1_000_000 / 86_400
RUNS = 120
THREE_DEVIATIONS = {0.5: 0.137, 0.95: 0.06}  # of a share among RUNS


def window(draws: random.Random, at: float, n: int, rates: dict[GuardName, float]) -> Window:
    """All labelled at once; a slow answer falls into bin 9, any other into bin 5."""
    slow = binomial(draws, n, rates[GuardName.LATENCY])
    counts = Counts(
        requests=n,
        failed=binomial(draws, n, rates[GuardName.FAILURES]),
        labelled_micro=n * MICRO,
        wrong_micro=binomial(draws, n, rates[GuardName.ACCURACY]) * MICRO,
        latency={5: n - slow, 9: slow},
    )
    return Window(at, counts)


def caught(seed: int, per_s: float, guard: GuardName, rate: float) -> bool:
    """One rollout in which the candidate is bad at ``rate``, and otherwise as the stable release."""
    draws, seconds = random.Random(seed), foresee(POLICY, per_s).seconds
    window_s = seconds / 60
    traffic = Traffic(per_s * window_s, POLICY.canary_percent / 100)
    before = Window(-window_s, Counts(latency={5: 950, 9: 50}))
    stable, candidate = [before], []
    for k in range(60):
        theirs, ours = deal(draws, traffic)
        stable.append(window(draws, k * window_s, theirs, ASSUMED_RATES))
        candidate.append(window(draws, k * window_s, ours, {**ASSUMED_RATES, guard: rate}))
    return judge(stable, candidate, POLICY, 0.0, (1, 2)).worst is not None


def share_caught(per_s: float, guard: GuardName, rate: float) -> float:
    return sum(caught(seed, per_s, guard, rate) for seed in range(RUNS)) / RUNS


def of(guard: GuardName, per_s: float, policy: RolloutPolicy = POLICY) -> Catch:
    return next(c for c in foresee(policy, per_s).catches if c.guard is guard)


@pytest.mark.parametrize("per_s", [TEN_THOUSAND_A_DAY, A_MILLION_A_DAY])
@pytest.mark.parametrize("guard", [guard.name for guard in POLICY.guards])
def test_simulated_rollouts_catch_what_was_foreseen(guard: GuardName, per_s: float) -> None:
    found = of(guard, per_s)
    assert found.likely is not None
    assert found.nearly_sure is not None
    half = share_caught(per_s, guard, found.likely)
    assert abs(half - 0.5) <= 0.1 + THREE_DEVIATIONS[0.5]
    assert share_caught(per_s, guard, found.nearly_sure) >= 0.95 - THREE_DEVIATIONS[0.95]


@given(per_day=st.floats(1, 1e8), percent=st.floats(0.5, 50), rate=st.floats(0.001, 0.1))
def test_a_worse_candidate_is_caught_more_surely(
    per_day: float, percent: float, rate: float
) -> None:
    policy = replace(POLICY, canary_percent=percent, false_rollback_rate=rate)
    for found in foresee(policy, per_day / 86_400).catches:
        rates = [r for r in (found.likely, found.nearly_sure) if r is not None]
        assert rates == sorted(rates)
        assert all(found.stable_rate < r <= 1 for r in rates)
        assert found.likely is not None or found.nearly_sure is None


@pytest.mark.parametrize("guard", [guard.name for guard in POLICY.guards])
def test_ten_times_the_traffic_catches_less_of_a_regression(guard: GuardName) -> None:
    found = [of(guard, per_day / 86_400).likely for per_day in (1e4, 1e5, 1e6, 1e7, 1e8)]
    assert found == sorted((r or 1 for r in found), reverse=True)


def test_a_trial_of_no_requests_catches_nothing() -> None:
    trial = foresee(replace(POLICY, max_s=3600), 1 / 86_400)
    assert trial.candidate_requests < 0.01
    assert {(c.likely, c.nearly_sure) for c in trial.catches} == {(None, None)}


def test_a_trial_lasts_for_its_bake_or_until_its_evidence_and_never_longer_than_max() -> None:
    assert foresee(POLICY, A_MILLION_A_DAY).seconds == POLICY.bake_s
    assert foresee(POLICY, TEN_THOUSAND_A_DAY).candidate_requests == POLICY.min_requests
    assert foresee(POLICY, 1 / 86_400).seconds == POLICY.max_s


def test_all_at_once_is_tried_while_the_old_release_is_held_back() -> None:
    trial = foresee(replace(POLICY, strategy=Strategy.ALL_AT_ONCE), TEN_THOUSAND_A_DAY)
    assert (trial.seconds, trial.candidate_requests) == (86_400, 9_500)


def test_only_guards_that_watch_are_foreseen() -> None:
    unlabelled = foresee(replace(POLICY, labels_expected=False), TEN_THOUSAND_A_DAY)
    assert {c.guard for c in unlabelled.catches} == {GuardName.FAILURES, GuardName.LATENCY}


def test_slow_is_what_the_latency_guard_calls_slow() -> None:
    assert ASSUMED_RATES[GuardName.LATENCY] == pytest.approx(1 - QUANTILE)
