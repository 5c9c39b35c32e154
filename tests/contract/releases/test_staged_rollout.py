"""The same controller on endpoints of which each release has its own: one starts, gets its share, and goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.contract.releases.stage_world import MODEL, Staged, serving
from tests.contract.releases.test_sagemaker_rollout import HOUR_S, Clock

from ladle import names
from ladle.actions.advance_release import Advance, advance_release
from ladle.actions.controls import Controls
from ladle.catalog import Target
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.ports import AlarmReading
from ladle.releases.events import CandidateReady
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence, release


class Rollout:
    def __init__(self, target: Target) -> None:
        self.target, self.staged, self.clock = target, Staged(target), Clock()
        self.ledger, self.alarms = MemoryLedger(), MemoryAlarms()
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=self.staged.router,
            alarms=self.alarms,
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=lambda state, _now: evidence(state).evidence if state.on_trial else None,
            settle=self.staged.router.settle,
        )

    def deploy(self, letter: str) -> int:
        release_hex, wanted = letter * 64, serving(letter * 64)
        versions = self.staged.versions
        number = versions.publish(MODEL, release_hex, wanted, 0)
        versions.keep_warm(MODEL, number, wanted)
        versions.open_if_absent(MODEL, 1, wanted)
        made = replace(
            release(number, labels_expected=False, bake_s=HOUR_S, max_s=24 * HOUR_S),
            release_digest=f"sha256:{release_hex}",
            target=self.target,
        )
        self.ledger.inbox.post(MODEL, letter, CandidateReady(made), self.clock.now())
        return number

    def wake(self) -> Advance:
        return advance_release(MODEL, self.controls, "controller")

    def minutes(self, count: int = 4) -> None:
        """SageMaker finishes one change between two looks of the controller."""
        for _ in range(count):
            self.wake()
            self.staged.world.pass_time()
            self.clock.time += 60

    @property
    def traffic(self) -> Traffic | None:
        return self.staged.read().traffic

    @property
    def running(self) -> set[str]:
        return set(self.staged.world.endpoints)


@pytest.fixture(params=[Target.SAGEMAKER_SERVERLESS, Target.SAGEMAKER_ASYNC])
def rollout(request: pytest.FixtureRequest) -> Rollout:
    """With a proven first release."""
    made = Rollout(request.param)
    made.deploy("a")
    made.minutes()
    made.clock.time += HOUR_S
    made.minutes()
    return made


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
    assert rollout.running == endpoints(1, 2)


def test_a_candidate_that_fails_is_taken_back_and_goes(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.minutes()
    rollout.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    rollout.minutes()
    assert rollout.ledger.load(MODEL).statuses[2] is ReleaseStatus.ROLLED_BACK
    assert rollout.traffic == Traffic(1)
    assert rollout.running == endpoints(1)


def test_traffic_is_back_in_the_wake_up_that_heard_the_alarm(rollout: Rollout) -> None:
    rollout.deploy("b")
    rollout.minutes()
    rollout.alarms.readings[2] = AlarmReading(ringing=True, samples=50)
    rollout.wake()
    assert rollout.traffic == Traffic(1)


def test_a_candidate_that_never_answers_is_refused_and_nothing_else_is_touched(
    rollout: Rollout,
) -> None:
    rollout.staged.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    rollout.deploy("b")
    rollout.minutes()
    state = rollout.ledger.load(MODEL)
    assert (state.phase, state.statuses[2]) == (Phase.STABLE, ReleaseStatus.REFUSED)
    assert rollout.traffic == Traffic(1)


def test_what_failed_to_start_goes_with_the_next_release(rollout: Rollout) -> None:
    rollout.staged.world.broken.add(names.endpoint_model(MODEL, "b" * 64))
    rollout.deploy("b")
    rollout.minutes()
    rollout.deploy("c")
    rollout.minutes()
    assert Traffic(1, 3, 0.1).reads_like(rollout.traffic)
    assert rollout.running == endpoints(1, 3)
