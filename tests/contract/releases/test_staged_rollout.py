"""The same controller on endpoints of which each release has its own: one starts, gets its share, and goes."""

from __future__ import annotations

import pytest
from tests.contract.releases.rollout import Rollout
from tests.contract.releases.sagemaker_world import MODEL
from tests.contract.releases.stage_world import Staged, serving

from ladle import names
from ladle.actions.advance_release import Advance
from ladle.catalog import Target
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.ports import AlarmReading


@pytest.fixture(params=[Target.SAGEMAKER_SERVERLESS, Target.SAGEMAKER_ASYNC])
def rollout(request: pytest.FixtureRequest) -> Rollout:
    staged = Staged(request.param)

    def publish(release_hex: str) -> int:
        versions, wanted = staged.versions, serving(release_hex)
        number = versions.publish(MODEL, release_hex, wanted, 0)
        versions.keep_warm(MODEL, number, wanted)
        versions.open_if_absent(MODEL, 1, wanted)
        return number

    return Rollout(staged.world, staged.router, request.param, publish).proven()


def endpoints(*releases: int) -> set[str]:
    return {names.release_endpoint(MODEL, number) for number in releases}


def test_while_an_endpoint_starts_a_wake_up_ends_at_once(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.wake()
    waited = rollout.clock.slept
    assert rollout.wake() is Advance.QUIET
    assert rollout.clock.slept == waited, "patience is other models' time"


def test_a_candidate_starts_gets_its_share_and_is_tried(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.minutes()
    assert rollout.ledger.load(MODEL).phase is Phase.CANARY
    assert Traffic(1, 2, 0.1).reads_like(rollout.traffic)
    assert set(rollout.world.endpoints) == endpoints(1, 2)


def test_a_candidate_that_fails_is_taken_back_and_goes(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.minutes()
    rollout.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    rollout.minutes()
    assert rollout.ledger.load(MODEL).statuses[2] is ReleaseStatus.ROLLED_BACK
    assert rollout.traffic == Traffic(1)
    assert set(rollout.world.endpoints) == endpoints(1)


def test_traffic_is_back_in_the_wake_up_that_heard_the_alarm(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.minutes()
    rollout.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    rollout.wake()
    assert rollout.traffic == Traffic(1)


def test_a_candidate_that_never_answers_is_refused_and_nothing_else_is_touched(
    rollout: Rollout,
) -> None:
    rollout.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    rollout.deploy("b")
    rollout.minutes()
    state = rollout.ledger.load(MODEL)
    assert (state.phase, state.statuses[2]) == (Phase.STABLE, ReleaseStatus.REFUSED)
    assert rollout.traffic == Traffic(1)


def test_what_failed_to_start_goes_with_the_next_release(rollout: Rollout) -> None:
    rollout.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    rollout.deploy("b")
    rollout.minutes()
    rollout.deploy("c")
    rollout.minutes()
    assert Traffic(1, 3, 0.1).reads_like(rollout.traffic)
    assert set(rollout.world.endpoints) == endpoints(1, 3)
