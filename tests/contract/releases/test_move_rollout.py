"""A whole move to ECS: the real controller, the real routers and door, and worlds by AWS's own rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.contract.hand_off.test_ecs_versions import hand_over
from tests.contract.releases.api_doors import FUNCTION, SERVICE, Doors
from tests.contract.releases.ecs_calls import Crashed
from tests.contract.releases.ecs_router import PassingClock, versions_of
from tests.contract.releases.ecs_world import EcsWorld

from ladle.actions.advance_release import advance_release
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.controls import Controls
from ladle.aws.api_door import ApiDoor
from ladle.aws.session import AwsSession
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence
from ladle.ports import HomeRouter
from ladle.releases.events import Ask, CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.homes import Homes
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.homes import MemoryHome
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence, moved, release

MODEL = "fraud"
MINUTE_S = 60.0
OLD = Home(Target.LAMBDA)
NEW = moved(2).home
BEHIND = {OLD.base: FUNCTION, NEW.base: SERVICE}


class Move:
    """Release 1 serves on Lambda; each minute the controller is woken once."""

    def __init__(self, doors: Doors) -> None:
        self.doors = doors
        self.clock = PassingClock(lambda: None)
        self.world = EcsWorld(MODEL)
        self.ledger = MemoryLedger()
        self.worse: GuardName | None = None
        self.function = Function(now=self.clock.now)
        self.function.publish(1)
        routers: dict[Home, HomeRouter] = {
            OLD: self.function,
            NEW: EcsListenerRouter(lambda _model: self.world),  # type: ignore[arg-type, return-value]
        }
        router = BehindOneDoor(
            lambda model: Homes.told_by(self.ledger.load(model)),
            routers.__getitem__,
            ApiDoor(lambda _model: doors.session),
        )
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=router,
            alarms=MemoryAlarms(),
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=self._judge,
            settle=router.settle,
        )
        doors.open(MODEL, FUNCTION, {})
        self.hand_over(release(1))
        self.minutes(12)
        assert self.ends_in(Phase.STABLE, 1)

    @property
    def state(self) -> ReleaseState:
        return self.ledger.load(MODEL)

    def ends_in(self, phase: Phase, serving: int) -> bool:
        """Whether the ledger says so, the router reads so, and requests meet that home."""
        seen = self.controls.traffic.read(MODEL)
        assert seen is not None
        there = FUNCTION if serving == 1 else SERVICE
        at = self.doors.live(MODEL)["IntegrationUri"]
        return (self.state.phase, seen.traffic, at) == (
            phase,
            Traffic(serving),
            there["IntegrationUri"],
        )

    def deploy(self, number: int = 2, *, is_done: bool = True) -> None:
        """As a deploy of the new home does: services, the hand-over, at last the samples."""
        versions = versions_of(self.world, PassingClock(self.world.pass_time))
        assert hand_over(versions, f"{number:064x}", number - 1) == number
        self.hand_over(in_the_new_home(number))
        if is_done:
            self.doors.show(MODEL, BEHIND)

    def hand_over(self, new: Release) -> None:
        self._post(CandidateReady(replace(new, requested_at=self.clock.now())))

    def ask(self, what: Ask, to: int | None = None) -> None:
        self._post(PersonAsked(what, by="ada", to=to))

    def withdraw(self, number: int) -> None:
        self._post(CandidateWithdrawn(f"release-{number}"))

    def minutes(self, many: int) -> None:
        for _ in range(many):
            self.clock.sleep(MINUTE_S)
            advance_release(MODEL, self.controls, "controller")
            self.world.pass_time()

    def _post(self, message: CandidateReady | CandidateWithdrawn | PersonAsked) -> None:
        name = f"message-{self.clock.now()}-{type(message).__name__}"
        self.ledger.inbox.post(MODEL, name, message, self.clock.now())

    def _judge(self, state: ReleaseState, _now: float) -> Evidence | None:
        return None if state.on_trial is None else evidence(state, worse=self.worse).evidence


class Function(MemoryHome):
    """A home on Lambda: nothing in it rests or is stopped here."""

    def settle(self, model: str, traffic: Traffic) -> None:
        assert self.alias is not None
        assert traffic.reads_like(self.alias.traffic)

    def switch(self, model: str, on: bool) -> None:
        raise AssertionError("nobody signed for that")

    def switched(self, model: str, on: bool) -> bool:
        return on


def in_the_new_home(number: int) -> Release:
    return replace(release(number), target=NEW.target, base=NEW.base)


@pytest.fixture
def move() -> Iterator[Move]:
    from moto import mock_aws

    with mock_aws():
        yield Move(Doors.on_moto(AwsSession("eu-west-1")))


def test_the_new_home_takes_all_requests_at_once_and_is_proven(move: Move) -> None:
    move.deploy()
    move.minutes(1)
    assert move.ends_in(Phase.HOLDBACK, 2)
    move.minutes(5)
    assert move.ends_in(Phase.STABLE, 2)
    assert move.function.alias is not None
    assert move.function.alias.traffic == Traffic(1), "it runs on, to be gone back to"


def test_no_request_meets_a_home_before_its_deploy_is_done(move: Move) -> None:
    move.deploy(is_done=False)
    move.minutes(3)
    assert move.ends_in(Phase.HOLDBACK, 1)
    move.doors.show(MODEL, BEHIND)
    move.minutes(1)
    assert move.ends_in(Phase.HOLDBACK, 2)


def test_a_home_that_is_found_worse_is_left_in_the_wake_up_that_sees_it(move: Move) -> None:
    move.deploy()
    move.minutes(1)
    move.worse = GuardName.FAILURES
    move.minutes(1)
    assert move.ends_in(Phase.STABLE, 1)
    assert move.state.statuses[2] is ReleaseStatus.ROLLED_BACK
    assert move.world.services["a"].desired == 1, "the stack's to take down, not the controller's"


def test_a_person_goes_back_after_the_new_home_is_proven_and_lets_go_of_it(move: Move) -> None:
    move.deploy()
    move.minutes(6)
    move.ask(Ask.ROLLBACK, to=1)
    move.minutes(1)
    assert move.ends_in(Phase.STABLE, 1)
    move.ask(Ask.LEAVE, to=NEW.base)
    move.minutes(1)
    assert move.state.homes == {OLD}
    assert move.ends_in(Phase.STABLE, 1)


def test_a_deploy_that_goes_back_takes_its_home_away_and_nobody_waits(move: Move) -> None:
    move.deploy(is_done=False)
    move.minutes(1)
    move.world.services.clear()
    move.withdraw(2)
    move.minutes(2)
    assert move.ends_in(Phase.STABLE, 1)
    assert move.state.statuses[2] is ReleaseStatus.REFUSED
    assert not move.ledger.inbox.pending(MODEL)


def test_a_home_whose_tasks_end_is_refused_and_meets_no_request(move: Move) -> None:
    move.world.broken.add("ladle-fraud_3")
    move.deploy()
    move.worse = GuardName.FAILURES
    move.minutes(2)
    move.worse = None
    move.deploy(3)
    move.minutes(3)
    assert move.ends_in(Phase.STABLE, 1)
    assert move.state.statuses[3] is ReleaseStatus.REFUSED


def test_within_the_new_home_releases_are_tried_by_their_shares(move: Move) -> None:
    move.deploy()
    move.minutes(6)
    move.ask(Ask.LEAVE, to=OLD.base)
    move.minutes(1)
    versions = versions_of(move.world, PassingClock(move.world.pass_time))
    hand_over(versions, f"{3:064x}", 2)
    move.hand_over(in_the_new_home(3))
    move.minutes(2)
    seen = move.controls.traffic.read(MODEL)
    assert seen is not None
    assert seen.traffic == Traffic(2, 3, 0.1)


def test_a_door_that_somebody_leads_elsewhere_freezes_the_model(move: Move) -> None:
    move.deploy()
    move.minutes(6)
    move.doors.write(MODEL, IntegrationUri="arn:aws:lambda:eu-west-1:123456789012:function:theirs")
    move.minutes(1)
    assert move.state.phase is Phase.FROZEN


def test_a_controller_that_dies_at_any_call_leaves_what_the_next_one_finishes() -> None:
    from moto import mock_aws

    with mock_aws():
        session, calls = AwsSession("eu-west-1"), 1
        while dies_at(calls, Move(Doors.on_moto(session))):
            calls += 2  # before each call: that is after the one before it
        assert calls > 9, "of ECS and its load balancer alone"


def dies_at(call: int, move: Move) -> bool:
    """Whether a wake-up that moves the model makes so many calls; the move goes on after it."""
    move.deploy()
    move.world.crash_at = move.world.calls + call
    died = False
    try:
        move.minutes(1)
    except Crashed:
        died = True
        at = move.doors.live(MODEL)["IntegrationUri"]
        assert at in {FUNCTION["IntegrationUri"], SERVICE["IntegrationUri"]}
    move.world.crash_at = None
    move.minutes(7)
    assert move.ends_in(Phase.STABLE, 2)
    return died
