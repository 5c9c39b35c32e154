"""Each call of a port may be slow, fail, lose its answer, or be a process's last."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

from ladle.errors import Unavailable
from ladle.simulation.world import World


class Crash(BaseException):
    """The process is gone: no ``except Exception`` and no ``finally`` may undo it."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Chances of each call; ``rollback_within_s`` is what so many faults leave room for."""

    throttled: float = 0.05
    answer_lost: float = 0.02
    stalled: float = 0.004
    crash: float = 0.01
    slowest_s: float = 0.8
    stall_s: float = 80.0
    rollback_within_s: float = 120.0


CALM = Odds(0.0, 0.0, 0.0, 0.0, 0.1)
# Every fifth call fails, every fifth wake-up dies or sleeps.
HARSH = Odds(throttled=0.15, answer_lost=0.06, stalled=0.02, crash=0.05, rollback_within_s=360.0)


class Caller(Protocol):
    """Whoever makes the calls of a controller, and tells it the time."""

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any: ...

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(slots=True)
class Process:
    """One wake-up's view of the ports; ``crash_at`` is the number of the call that kills it."""

    world: World
    rng: random.Random
    odds: Odds
    name: str
    on_disturbed: Callable[[], None]
    crash_at: int | None = None
    dead: bool = False
    calls: int = 0

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self._die_if_dead()
        self.calls += 1
        if self.crash_at == self.calls:
            self._die()
        self.world.pass_time(self.rng.uniform(0.0, self.odds.slowest_s))
        if self.rng.random() < self.odds.stalled:
            self.on_disturbed()
            self.world.pass_time(self.odds.stall_s)
        if self.rng.random() < self.odds.crash / 2:
            self._die()
        if self.rng.random() < self.odds.throttled:
            raise Unavailable("LD504", f"{name} was throttled", "try again")
        answer = function(*args, **named)
        if self.rng.random() < self.odds.crash / 2:
            self._die()
        if self.rng.random() < self.odds.answer_lost:
            raise Unavailable("LD504", f"the answer of {name} was lost", "try again")
        return answer

    def sleep(self, seconds: float) -> None:
        self._die_if_dead()
        self.world.pass_time(seconds)

    def now(self) -> float:
        self._die_if_dead()
        return self.world.now

    def _die(self) -> None:
        self.dead = True
        self.on_disturbed()
        raise Crash(self.name)

    def _die_if_dead(self) -> None:
        if self.dead:
            raise Crash(self.name)


class Faulty:
    """A port whose every method goes through its process's :meth:`Caller.call`."""

    def __init__(self, process: Caller, port: object) -> None:
        self._process = process
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def called(*args: Any, **named: Any) -> Any:
            return self._process.call(name, method, *args, **named)

        return called


Port = TypeVar("Port")


def faulty(process: Caller, port: Port) -> Port:
    return cast("Port", Faulty(process, port))
