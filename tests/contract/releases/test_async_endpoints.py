"""Endpoints that answer later: their machines follow their queue, and none goes while something waits in it."""

from __future__ import annotations

import pytest
from tests.contract.releases.sagemaker_world import MODEL
from tests.contract.releases.stage_world import Staged

from ladle import names
from ladle.aws.backlog import GIVEN_UP_S, REACHES_S
from ladle.catalog import Target
from ladle.policy.traffic import Traffic

DIGESTS = [letter * 64 for letter in "ab"]


@pytest.fixture
def made() -> Staged:
    """With two releases, of which the first has all traffic."""
    staged = Staged(Target.SAGEMAKER_ASYNC)
    for release_hex in DIGESTS:
        staged.hand_over(release_hex)
    staged.world.pass_time()
    staged.router.settle(MODEL, Traffic(1))
    return staged


def test_machines_follow_what_waits_between_none_and_the_most(made: Staged) -> None:
    [(resource, target)] = made.world.scaled.items()
    assert resource == "endpoint/ladle-fraud--1/variant/release-1"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 3)
    metric = target["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "ladle-fraud--1"}]


def test_an_endpoint_without_machines_is_woken_by_its_first_request(made: Staged) -> None:
    alarm = made.world.alarms[names.wake_alarm(MODEL, 1)]
    assert alarm["MetricName"] == "HasBacklogWithoutCapacity"
    assert alarm["AlarmActions"] == [
        "arn:aws:autoscaling:policy/endpoint/ladle-fraud--1/variant/release-1/wake"
    ]


def test_both_releases_of_a_trial_scale_and_the_one_that_goes_no_longer_does(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    assert len(made.world.scaled) == len(made.world.alarms) == 2
    made.moved(Traffic(2))
    assert set(made.world.scaled) == {names.scaled_endpoint(MODEL, 2)}
    assert set(made.world.alarms) == {names.wake_alarm(MODEL, 2)}
    assert set(made.world.endpoints) == {names.release_endpoint(MODEL, 2)}


def test_a_release_that_lost_its_traffic_answers_what_waits_before_it_goes(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    waiting = made.world.waiting
    waiting[names.release_endpoint(MODEL, 2)] = 3
    made.write(Traffic(1))
    assert made.read().traffic == Traffic(1), "nothing new is led to it"
    made.world.pass_time()
    assert not made.read().settled, "so nobody settles it yet"
    waiting[names.release_endpoint(MODEL, 2)] = 0
    assert made.read().settled
    made.moved(Traffic(1))
    assert set(made.world.endpoints) == {names.release_endpoint(MODEL, 1)}


def test_what_cloudwatch_does_not_know_yet_may_wait(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.world.pass_time()
    made.write(Traffic(1))
    assert not made.read().settled, "what it knows was before the last request"
    made.world.late_s = 3600.0
    made.world.pass_time()
    assert not made.read().settled, "what it says is of an hour ago"


def test_what_cloudwatch_never_says_ends_when_sagemaker_has_given_the_last_request_up(
    made: Staged,
) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.world.late_s = 1e6
    made.write(Traffic(1))
    made.world.seconds += GIVEN_UP_S
    assert not made.read().settled
    made.world.seconds += REACHES_S
    assert made.read().settled


def test_a_release_that_starts_has_nothing_to_wait_for(made: Staged) -> None:
    made.world.late_s = 1e6
    made.write(Traffic(1, 2, 0.1))
    made.world.pass_time()
    assert made.read().settled


def test_the_end_of_the_stack_leaves_nothing_that_scales(made: Staged) -> None:
    made.moved(Traffic(1, 2, 0.1))
    made.versions_of(1, 2).delete_all(MODEL)
    assert (made.world.endpoints, made.world.scaled, made.world.alarms) == ({}, {}, {})
