"""The same controller on an endpoint that takes minutes for each change: it waits without holding up others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.contract.releases.sagemaker_router import serving
from tests.contract.releases.sagemaker_world import World, ledger_of, waits

from ladle import names
from ladle.actions.advance_release import Advance, advance_release
from ladle.actions.controls import Controls
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.catalog import Target
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.ports import AlarmReading
from ladle.releases.events import CandidateReady
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence, release

MODEL = "fraud"
HOUR_S = 3600.0


class Clock:
    """Waits at once, and knows how long was waited for."""

    def __init__(self) -> None:
        self.time, self.slept = 1_000_000.0, 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


class Stage:
    def __init__(self) -> None:
        self.world: Any = World()
        self.clock, self.ledger, self.alarms = Clock(), MemoryLedger(), MemoryAlarms()
        self.versions = EndpointVersions(self.world.sagemaker, ledger_of(), waits(self.world))
        router = EndpointRouter(lambda _model: self.world)
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=router,
            alarms=self.alarms,
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=lambda state, _now: evidence(state).evidence if state.on_trial else None,
            settle=router.settle,
        )

    def deploy(self, letter: str) -> int:
        release_hex = letter * 64
        number = self.versions.publish(MODEL, release_hex, serving(release_hex), 0)
        self.versions.open_if_absent(MODEL, number, serving(release_hex))
        made = replace(
            release(number, labels_expected=False, bake_s=HOUR_S, max_s=24 * HOUR_S),
            release_digest=f"sha256:{release_hex}",
            target=Target.SAGEMAKER,
        )
        self.ledger.inbox.post(MODEL, letter, CandidateReady(made), self.clock.now())
        return number

    def wake(self) -> Advance:
        return advance_release(MODEL, self.controls, "controller")

    def minutes(self, count: int = 4) -> None:
        """SageMaker finishes one change between two looks of the controller."""
        for _ in range(count):
            self.wake()
            self.world.pass_time()
            self.clock.time += 60

    @property
    def traffic(self) -> Traffic | None:
        found = self.controls.traffic.read(MODEL)
        return found.traffic if found else None

    @property
    def variants(self) -> set[str]:
        return set(self.world.sagemaker.endpoints[names.endpoint(MODEL)]["weights"])


@pytest.fixture
def stage() -> Stage:
    """With a proven first release."""
    made = Stage()
    made.deploy("a")
    made.minutes()
    made.clock.time += HOUR_S
    made.minutes()
    return made


def test_while_machines_start_a_wake_up_ends_at_once(stage: Stage) -> None:
    stage.deploy("b")
    stage.wake()
    waited = stage.clock.slept
    assert stage.wake() is Advance.QUIET
    assert stage.clock.slept == waited, "patience is other models' time"


def test_a_candidate_joins_gets_its_share_and_is_tried(stage: Stage) -> None:
    stage.deploy("b")
    stage.minutes()
    assert stage.ledger.load(MODEL).phase is Phase.CANARY
    assert Traffic(1, 2, 0.1).reads_like(stage.traffic)
    assert stage.variants == {"release-1", "release-2"}


def test_a_candidate_that_fails_is_taken_back_and_its_machines_go(stage: Stage) -> None:
    stage.deploy("b")
    stage.minutes()
    stage.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    stage.minutes()
    state = stage.ledger.load(MODEL)
    assert state.statuses[2] is ReleaseStatus.ROLLED_BACK
    assert stage.traffic == Traffic(1)
    assert stage.variants == {"release-1"}


def test_a_rollback_waits_for_the_change_that_is_under_way(stage: Stage) -> None:
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
    stage: Stage,
) -> None:
    stage.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    stage.deploy("b")
    stage.minutes()
    state = stage.ledger.load(MODEL)
    assert (state.phase, state.statuses[2]) == (Phase.STABLE, ReleaseStatus.REFUSED)
    assert stage.traffic == Traffic(1)
