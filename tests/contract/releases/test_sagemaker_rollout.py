"""The same controller on an endpoint that takes minutes for each change: it waits without holding up others."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.releases.rollout import Rollout
from tests.contract.releases.sagemaker_router import serving
from tests.contract.releases.sagemaker_world import MODEL, World, ledger_of, waits

from ladle import names
from ladle.actions.advance_release import Advance
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.catalog import Target
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.ports import AlarmReading


@pytest.fixture
def stage() -> Rollout:
    world: Any = World()
    versions = EndpointVersions(world, ledger_of(), waits(world))

    def publish(release_hex: str) -> int:
        number = versions.publish(MODEL, release_hex, serving(release_hex), 0)
        versions.open_if_absent(MODEL, number, serving(release_hex))
        return number

    router = EndpointRouter(lambda _model: world)
    return Rollout(world, router, Target.SAGEMAKER, publish).proven()


def variants(stage: Rollout) -> set[str]:
    return set(stage.world.sagemaker.endpoints[names.endpoint(MODEL)]["weights"])


def test_while_machines_start_a_wake_up_ends_at_once(stage: Rollout) -> None:
    stage.deploy("b")
    stage.wake()
    waited = stage.clock.slept
    assert stage.wake() is Advance.QUIET
    assert stage.clock.slept == waited, "patience is other models' time"


def test_a_candidate_joins_gets_its_share_and_is_tried(stage: Rollout) -> None:
    stage.deploy("b")
    stage.minutes()
    assert stage.ledger.load(MODEL).phase is Phase.CANARY
    assert Traffic(1, 2, 0.1).reads_like(stage.traffic)
    assert variants(stage) == {"release-1", "release-2"}


def test_a_candidate_that_fails_is_taken_back_and_its_machines_go(stage: Rollout) -> None:
    stage.deploy("b")
    stage.minutes()
    stage.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    stage.minutes()
    state = stage.ledger.load(MODEL)
    assert state.statuses[2] is ReleaseStatus.ROLLED_BACK
    assert stage.traffic == Traffic(1)
    assert variants(stage) == {"release-1"}


def test_a_rollback_waits_for_the_change_that_is_under_way(stage: Rollout) -> None:
    stage.deploy("b")
    stage.minutes()
    endpoint = stage.world.sagemaker.endpoints[names.endpoint(MODEL)]
    endpoint["status"] = "Updating"
    stage.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    stage.wake()
    assert stage.ledger.load(MODEL).phase is Phase.ROLLING_BACK, "it is decided and written down"
    assert Traffic(1, 2, 0.1).reads_like(stage.traffic)
    stage.minutes()
    assert stage.traffic == Traffic(1)


def test_a_candidate_whose_container_never_answers_is_refused_and_nothing_else_is_touched(
    stage: Rollout,
) -> None:
    stage.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    stage.deploy("b")
    stage.minutes()
    state = stage.ledger.load(MODEL)
    assert (state.phase, state.statuses[2]) == (Phase.STABLE, ReleaseStatus.REFUSED)
    assert stage.traffic == Traffic(1)
