"""Whole moves between a function and SageMaker's endpoints: the real controller, routers, door, versions and
hand-off, over worlds by AWS's own rules.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from types import SimpleNamespace
from typing import Any

import pytest
from tests.contract.releases.ecs_calls import Crashed
from tests.contract.releases.moving_world import MovingWorld, Stack
from tests.contract.releases.rollout import HOUR_S, Clock
from tests.contract.releases.sagemaker_world import MODEL

from ladle import names
from ladle.actions.advance_release import advance_release
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.controls import Controls
from ladle.actions.move_model import undo
from ladle.aws.led_door import LedDoor
from ladle.aws.traffic import RouterOfHome
from ladle.catalog import Packaging, Target
from ladle.policy.lock import Home, Lock
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.events import Ask, PersonAsked
from ladle.releases.homes import Homes
from ladle.releases.state import ReleaseState
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger
from ladle.testing.releases import evidence

FUNCTION, REALTIME, SERVERLESS = (
    Target.LAMBDA,
    Target.SAGEMAKER,
    Target.SAGEMAKER_SERVERLESS,
)
MOVES = list(permutations((FUNCTION, REALTIME, SERVERLESS), 2))
A, B, C, D, E, F = (letter * 64 for letter in "abcdef")


class Journey:
    """A model whose first release is proven on ``target``. Each minute the controller is woken once."""

    def __init__(self, target: Target) -> None:
        self.world, self.clock, self.ledger = MovingWorld(), Clock(), MemoryLedger()
        waits: Any = SimpleNamespace(now=self.clock.now, sleep=lambda _s: self.world.pass_time())
        self.stack = Stack(self.world, self.ledger, waits)
        world: Any = self.world
        self.door = LedDoor(lambda _model: world)
        router = BehindOneDoor(
            lambda model: Homes.told_by(self.ledger.load(model)),
            RouterOfHome(lambda _model: world, self.clock),
            self.door,
        )
        self.controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=router,
            alarms=MemoryAlarms(),
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=lambda state, _now: evidence(state).evidence if state.on_trial else None,
            settle=router.settle,
        )
        self.home = Home(target)
        self.left: Home | None = None
        self.stack.deploy(A, self.home)
        self.world.pass_time()
        self.world.serves = True
        self.prove()
        assert self.ends_with(1)

    @property
    def state(self) -> ReleaseState:
        return self.ledger.load(MODEL)

    def minutes(self, count: int = 6) -> None:
        for _ in range(count):
            advance_release(MODEL, self.controls, "controller")
            self.world.pass_time()
            self.world.look()
            self.clock.time += 60

    def prove(self) -> None:
        for _ in range(3):
            self.minutes()
            self.clock.time += HOUR_S

    def ask(self, what: Ask, to: int) -> None:
        message = PersonAsked(what, by="ada", to=to)
        self.ledger.inbox.post(MODEL, f"{what}-{self.clock.now()}", message, self.clock.now())
        self.minutes()

    def begin(self, release_hex: str, target: Target) -> int:
        """The deploy that begins a move; ``home`` is the new one from then on."""
        self.left, self.home = self.home, Home(target, max(self.state.statuses))
        return self.stack.deploy(release_hex, self.home, self.left)

    def move(self, release_hex: str, target: Target) -> int:
        number = self.begin(release_hex, target)
        self.prove()
        assert self.ends_with(number)
        return number

    def finish(self, release_hex: str) -> None:
        assert self.left is not None
        self.ask(Ask.LEAVE, to=self.left.base)
        self.stack.deploy(release_hex, self.home)
        self.left = None

    def undo(self, release_hex: str) -> int:
        """A function that was to be left goes on as a third home."""
        lock = Lock(self.home.target, Packaging.IMAGE, None, base=self.home.base, leaves=self.left)
        back = undo(self.state, 0, lock)
        self.ask(Ask.LEAVE, to=self.home.base)
        self.home, self.left = back.home, back.leaves
        return self.stack.deploy(release_hex, self.home, self.left)

    def ends_with(self, serving: int) -> bool:
        """Whether ledger, router and door agree, and all requests meet this release."""
        seen = self.controls.traffic.read(MODEL)
        assert seen is not None
        now = (self.state.phase, seen.traffic, self.world.answering())
        return now == (Phase.STABLE, Traffic(serving), {serving})

    @property
    def kept(self) -> set[str]:
        sagemaker = self.world.sagemaker.client
        assert len(sagemaker.models) == len(sagemaker.configs)
        return {
            *(f"config {name}" for name in sagemaker.configs),
            *(f"endpoint {name}" for name in sagemaker.endpoints),
            *(f"function {name}" for name in self.world.functions.functions),
            *(f"log {name}" for name in self.world.groups),
        }


def of_home(home: Home, number: int) -> set[str]:
    """What there is where one release was ever made."""
    if home.target is FUNCTION:
        return {f"function {names.function(MODEL, home.base)}"}
    config = f"config {names.endpoint_config(MODEL, number)}"
    if home.target is REALTIME:
        return {config, f"endpoint {names.endpoint(MODEL)}"}
    log = names.release_log_group(MODEL, number)
    return {config, f"endpoint {names.release_endpoint(MODEL, number)}", f"log {log}"}


@pytest.mark.parametrize(("here", "there"), MOVES)
def test_it_moves_and_only_what_it_left_goes(here: Target, there: Target) -> None:
    journey = Journey(here)
    before = journey.kept
    assert journey.move(B, there) == 2
    assert journey.kept == before | of_home(journey.home, 2), "what is left runs on"
    journey.finish(B)
    assert journey.kept == of_home(journey.home, 2)
    assert journey.ends_with(2)


@pytest.mark.parametrize(("here", "there"), MOVES)
def test_it_goes_back_by_one_write_and_only_what_was_new_goes(here: Target, there: Target) -> None:
    journey = Journey(here)
    before = journey.kept
    journey.move(B, there)
    journey.ask(Ask.ROLLBACK, to=1)
    assert journey.ends_with(1)
    assert journey.undo(C if here is FUNCTION else A) == (3 if here is FUNCTION else 1)
    if journey.left is not None:
        journey.prove()
        journey.finish(C)
        before = of_home(journey.home, 3)
    assert journey.kept == before
    assert journey.ends_with(3 if here is FUNCTION else 1)


@pytest.mark.parametrize(("here", "there"), MOVES)
def test_a_deploy_that_goes_back_takes_the_new_home_only(here: Target, there: Target) -> None:
    journey = Journey(here)
    before = journey.kept
    journey.begin(B, there)
    journey.world.deployments.pop(f"leads-to-{journey.home.base}")
    journey.minutes(2)
    assert journey.world.answering() == {1}
    journey.stack.roll_back(A, Home(here))
    journey.minutes()
    assert journey.kept == before
    assert journey.state.statuses[2] is ReleaseStatus.REFUSED
    assert journey.ends_with(1)


@pytest.mark.parametrize("there", [REALTIME, SERVERLESS])
def test_a_container_that_never_answers_is_refused_and_meets_no_request(there: Target) -> None:
    journey = Journey(FUNCTION)
    journey.world.broken.add(names.endpoint_model(MODEL, B))
    journey.begin(B, there)
    journey.minutes()
    assert journey.state.statuses[2] is ReleaseStatus.REFUSED
    assert journey.ends_with(1)
    assert journey.stack.deploy(C, journey.home, journey.left) == 3
    journey.prove()
    assert journey.ends_with(3)


@pytest.mark.parametrize("here", [FUNCTION, REALTIME])
def test_whoever_goes_back_from_within_a_canary_takes_all_requests_along(here: Target) -> None:
    journey = Journey(here)
    journey.move(B, SERVERLESS)
    assert journey.stack.deploy(C, journey.home, journey.left) == 3
    journey.minutes(3)
    assert journey.world.answering() == {2, 3}
    writes = journey.world.apis.writes
    journey.ask(Ask.ROLLBACK, to=1)
    assert journey.ends_with(1)
    assert journey.world.stage is not None
    assert "canarySettings" not in journey.world.stage
    assert journey.world.apis.writes == writes + 1
    assert journey.undo(D if here is FUNCTION else A) == (4 if here is FUNCTION else 1)
    assert journey.world.stage["variables"] == {"model": MODEL}
    assert not any(name.startswith("log") for name in journey.kept)


def test_a_long_way_gives_no_number_twice_and_leaves_nothing_behind() -> None:
    journey = Journey(FUNCTION)
    assert journey.move(B, REALTIME) == 2
    journey.finish(B)
    assert journey.stack.deploy(C, journey.home) == 3
    journey.minutes(3)
    assert journey.world.answering() == {2, 3}
    journey.prove()
    assert journey.move(D, SERVERLESS) == 4
    journey.ask(Ask.ROLLBACK, to=3)
    assert journey.undo(C) == 3
    assert journey.ends_with(3)
    assert journey.move(E, FUNCTION) == 5
    journey.finish(E)
    assert journey.move(F, SERVERLESS) == 6
    journey.finish(F)
    assert journey.kept == of_home(journey.home, 6)
    assert journey.stack.given == dict(enumerate((A, B, C, D, E, F), start=1))


@pytest.mark.parametrize(("here", "there"), MOVES)
def test_the_end_of_the_stack_is_the_end_of_both_homes(here: Target, there: Target) -> None:
    journey = Journey(here)
    journey.begin(B, there)
    journey.world.serves = False
    journey.stack.destroy()
    assert {name for name in journey.kept if not name.startswith("function")} == set()


@pytest.mark.parametrize(("here", "there"), MOVES)
def test_whoever_dies_at_any_call_leaves_what_the_next_one_finishes(
    here: Target, there: Target
) -> None:
    calls = 1
    while dies_at(calls, here, there):
        calls += 7
    assert calls > 100


def dies_at(call: int, here: Target, there: Target) -> bool:
    """Whether a move there and its end make so many calls; each is tried again where it ended."""
    journey = Journey(here)
    journey.home, old = Home(there, 1), journey.home
    journey.world.crash_at = journey.world.calls + call
    died = [
        again(lambda: journey.stack.deploy(B, journey.home, old)),
        again(journey.prove),
        again(lambda: journey.ask(Ask.LEAVE, to=old.base)),
        again(lambda: journey.stack.deploy(B, journey.home)),
    ]
    journey.world.crash_at = None
    assert journey.ends_with(2)
    assert journey.kept == of_home(journey.home, 2)
    return any(died)


def again(work: Callable[[], Any]) -> bool:
    """Whether it had to be done twice."""
    try:
        work()
    except Crashed:
        work()
        return True
    return False
