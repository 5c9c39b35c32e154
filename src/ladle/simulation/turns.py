"""One of several controllers, which stops before each shared call until it is its turn.

A call is shared when others can see it or be seen by it: a read or a write of alias, door or ledger. The
lease keeps no controller out, as if each had slept through it. Each runs in a thread of its own, and only
one runs at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ladle.actions.advance_release import advance_release
from ladle.simulation.invariants import Violation
from ladle.simulation.plants import takes_no_lease
from ladle.simulation.rollouts import Plant, Simulation
from ladle.simulation.world import MODEL

SHARED = frozenset({"read", "load", "save", "write", "lead"})
TURN_S = 0.05  # of the simulated clock, for each shared call


class Gone(BaseException):
    """The thread of a controller that will not be heard of again."""


@dataclass(slots=True)
class Controller:
    """One wake-up that stops before each shared call until it is its turn."""

    simulation: Simulation
    plant: Plant
    name: str
    finished: bool = False
    calls: int = 0
    failure: Violation | None = None
    _killed: bool = False
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def turn(self) -> None:
        """Makes the shared call that it stands before, and goes on to the next."""
        if self.finished:
            return
        if self.calls == 0:
            threading.Thread(target=self._run, daemon=True).start()
        else:
            self._go.release()
        self._back.acquire()
        if self.failure is not None:
            raise self.failure

    def kill(self) -> None:
        """As a process dies: nothing of it runs any more."""
        if not self.finished and self.calls:
            self._killed = True
            self._go.release()
            self._back.acquire()
        self.finished = True

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if self._killed:
            raise Gone
        answer = function(*args, **named)
        if name in SHARED:
            self.calls += 1
            self.simulation.world.pass_time(TURN_S)
            self._back.release()
            self._go.acquire()
            if self._killed:
                raise Gone
        return answer

    def now(self) -> float:
        return self.simulation.world.now

    def sleep(self, seconds: float) -> None:
        if self._killed:
            raise Gone
        self.simulation.world.pass_time(seconds)

    def _run(self) -> None:
        try:
            controls = takes_no_lease(self.plant(self.simulation.controls(self)))
            advance_release(MODEL, controls, self.name)
        except Gone:
            pass
        except Violation as violation:  # raised again where the turn was given
            self.failure = violation
        self.finished = True
        self._back.release()
