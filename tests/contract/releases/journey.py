"""A model on its way between a function and SageMaker's endpoints: the real controller, routers, door, versions
and hand-off, over worlds by AWS's own rules.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

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
from ladle.policy.statuses import Phase
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
A, B, C, D, E, F = (letter * 64 for letter in "abcdef")  # digests of releases


class Journey:
    """A model whose first release is proven on ``target``. Each minute the controller is woken once."""

    def __init__(self, target: Target, is_rest: bool = True) -> None:
        self.world, self.clock = MovingWorld(is_rest=is_rest), Clock()
        self.ledger = MemoryLedger()
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

    def ask(self, what: Ask, to: int, minutes: int = 6) -> None:
        message = PersonAsked(what, by="ada", to=to)
        self.ledger.inbox.post(MODEL, f"{what}-{self.clock.now()}", message, self.clock.now())
        self.minutes(minutes)

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
