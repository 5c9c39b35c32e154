"""Each call of a port may be slow, fail, lose its answer, or be a process's last."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol, TypeVar, cast

from ladle.errors import Unavailable
from ladle.simulation.world import World


class Crash(BaseException):
    """The process is gone: no ``except Exception`` and no ``finally`` may undo it."""


@dataclass(frozen=True)
class Odds:
    """Chances of each call; ``rollback_within_s`` is what so many faults leave room for."""

    throttled: float = 0.05
    answer_lost: float = 0.02
    stalled: float = 0.004
    crash: float = 0.01
    slowest_s: float = 0.8
    stall_s: float = 80.0
    rollback_within_s: float = 120.0

    @cached_property
    def undisturbed(self) -> float:
        """The chance that nothing befalls a call."""
        lives = (1 - self.crash / 2) ** 2
        return lives * (1 - self.stalled) * (1 - self.throttled) * (1 - self.answer_lost)


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
    on_disturbed: Callable[[], None]
    odds: Odds = CALM
    name: str = ""
    crash_at: int | None = None
    dead: bool = False
    calls: int = 0

    def starts(self, name: str, odds: Odds, crash_at: int | None) -> None:
        self.name, self.odds, self.crash_at = name, odds, crash_at
        self.dead, self.calls = False, 0

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if self.dead:
            raise Crash(self.name)
        self.calls += 1
        if self.crash_at == self.calls:
            self._die()
        chance = self.rng.random
        self.world.pass_time(chance() * self.odds.slowest_s)
        if chance() < self.odds.undisturbed:
            return function(*args, **named)
        stalls, dies_before, throttled, dies_after, lost = self._faults()
        if stalls:
            self.on_disturbed()
            self.world.pass_time(self.odds.stall_s)
        if dies_before:
            self._die()
        if throttled:
            raise Unavailable("LD504", f"{name} was throttled", "try again")
        answer = function(*args, **named)
        if dies_after:
            self._die()
        if lost:
            raise Unavailable("LD504", f"the answer of {name} was lost", "try again")
        return answer

    def _faults(self) -> Sequence[bool]:
        """What befalls a call that something befalls: each by its own chance, at least one."""
        odds = self.odds
        chances = (odds.stalled, odds.crash / 2, odds.throttled, odds.crash / 2, odds.answer_lost)
        faults: list[bool] = []
        any_left = 1 - odds.undisturbed  # the chance that this one or a later one happens
        for chance in chances:
            given = 1.0 if any(faults) else any_left
            faults.append(self.rng.random() * given < chance)
            any_left = 1 - (1 - any_left) / (1 - chance)
        return faults

    def sleep(self, seconds: float) -> None:
        if self.dead:
            raise Crash(self.name)
        self.world.pass_time(seconds)

    def now(self) -> float:
        if self.dead:
            raise Crash(self.name)
        return self.world.now

    def _die(self) -> None:
        self.dead = True
        self.on_disturbed()
        raise Crash(self.name)


class Faulty:
    """A port whose every method goes through its process's :meth:`Caller.call`."""

    def __init__(self, process: Caller, port: object) -> None:
        self._process = process
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        called = partial(self._process.call, name, method)
        self.__dict__[name] = called  # found before this method the next time
        return called


Port = TypeVar("Port")


def faulty(process: Caller, port: Port) -> Port:
    return cast("Port", Faulty(process, port))
