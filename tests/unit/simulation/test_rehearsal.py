"""A rehearsal ends as the rollout would: by the policy, by the evidence, by the same code."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.simulation.read_scenario import parse_scenario, shipped_scenarios
from ladle.simulation.rehearsal import Rehearsal
from ladle.simulation.report import Report, report

SHIPPED = RolloutPolicy(holdback_s=7200.0, max_s=14_400.0)
WITH_LABELS = replace(
    SHIPPED,
    labels_expected=True,
    guards=(*SHIPPED.guards, Guard(GuardName.ACCURACY, worse_by=0.005)),
)


@cache
def played(
    scenario: str, policy: RolloutPolicy = SHIPPED, seed: int = 1, per_s: float = 10.0
) -> Report:
    found = shipped_scenarios().get(scenario) or parse_scenario(scenario.encode(), "mine.yaml")
    rehearsal = Rehearsal("fraud", policy, found, per_s, seed)
    rehearsal.play()
    return report(rehearsal)


@pytest.mark.parametrize(
    ("scenario", "guard"),
    [
        ("bad-model", "failures"),
        ("slow-model", "latency"),
        ("total-failure", "native_alarm"),
        ("crash", "native_alarm"),
    ],
)
def test_a_bad_candidate_is_rolled_back_by_the_guard_that_sees_it(
    scenario: str, guard: str
) -> None:
    told = played(scenario)
    assert told.rolled_back is not None
    assert (told.rolled_back.guard, told.rolled_back.to) == (guard, 1)
    assert not told.promoted
    assert 0 < told.bad_requests == told.candidate_requests


def test_a_healthy_candidate_is_promoted_and_serves_alone_in_the_end() -> None:
    told = played("healthy")
    assert told.promoted
    assert (told.rolled_back, told.bad_requests, told.phase) == (None, 0, "STABLE")
    assert told.timeline[-1].text == "the alias reads release 2 at 100 %"


def test_what_both_releases_share_rolls_nothing_back() -> None:
    told = played("shared-outage")
    assert told.candidate_failed > 1.5 * 0.005 * told.candidate_requests
    assert told.promoted
    assert told.rolled_back is None


def test_an_outage_that_rings_both_alarms_is_held_and_the_trial_goes_on() -> None:
    told = played("total-outage")
    assert (told.rollbacks, told.promoted) == (0, True)
    kinds = [step.kind for step in told.timeline]
    assert kinds.index("paused") < kinds.index("resumed") < kinds.index("promoted")


def test_in_a_storm_of_rollbacks_this_one_is_held_for_minutes_and_then_done() -> None:
    told = played("account-storm")
    held = next(step for step in told.timeline if step.kind == "paused")
    assert "other-0, other-1 rolled back within minutes too" in held.text
    assert told.rolled_back is not None
    assert 300 <= told.rolled_back.at_s - held.at_s <= 360


def test_labels_that_come_after_the_holdback_still_take_a_worse_release_back() -> None:
    told = played("late-regression", WITH_LABELS)
    assert told.rolled_back is not None
    assert (told.rolled_back.guard, told.rolled_back.to) == ("late_regression", 1)
    kinds = [step.kind for step in told.timeline]
    assert kinds.index("good") < kinds.index("incident") < kinds.index("rolled_back")


def test_silence_promotes_nothing() -> None:
    told = played("no-traffic")
    assert (told.promoted, told.rolled_back, told.phase) == (False, None, "PAUSED")
    assert "the evidence does not suffice" in told.reason


def test_late_labels_find_a_model_that_is_wrong_twice_as_often() -> None:
    told = played("late-labels", WITH_LABELS)
    assert told.rolled_back is not None
    assert told.rolled_back.guard == "accuracy"


def test_a_regression_that_is_far_off_more_often_is_rolled_back_by_its_error() -> None:
    numeric = replace(
        WITH_LABELS, guards=(*SHIPPED.guards, Guard(GuardName.ERROR, worse_than=1.05))
    )
    told = played("late-labels", numeric)
    assert told.rolled_back is not None
    assert told.rolled_back.guard == "error"
    assert played("healthy", numeric).promoted


def test_without_expected_labels_nothing_watches_the_answers() -> None:
    assert played("late-labels").promoted


def test_the_second_rollback_within_a_day_calls_a_person() -> None:
    told = played("flapping")
    assert told.rollbacks == 2
    assert told.phase == "FROZEN"
    assert "release 3 is taken out of traffic" in " ".join(s.text for s in told.timeline)


def test_a_seed_plays_the_same_rollout_again_and_another_seed_another() -> None:
    again = Rehearsal("fraud", SHIPPED, shipped_scenarios()["bad-model"], 10.0, 1)
    again.play()
    assert report(again) == played("bad-model")
    assert played("bad-model", seed=2) != played("bad-model")


def test_the_policy_is_the_models_own() -> None:
    cautious = replace(SHIPPED, min_requests=10**6)
    assert not played("healthy", cautious).promoted
    assert (
        played("healthy", replace(SHIPPED, canary_percent=50.0))
        .timeline[1]
        .text.endswith("release 1 at 50 %, release 2 at 50 %")
    )


def test_a_scenario_of_ones_own_is_played_like_the_shipped_ones() -> None:
    told = played("{candidate: {failures: 3%}, requests_per_s: 20, stable: {failures: 1%}}")
    assert told.rolled_back is not None
    assert told.rolled_back.guard == "failures"
