"""What a controller has at hand: the ports of releases, and what judges, settles and decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence
from ladle.ports import AlarmReader, Announcer, Clock, ReleaseInbox, ReleaseLedger, TrafficRouter
from ladle.releases.decide import decide
from ladle.releases.effects import Decision
from ladle.releases.events import CostRead, Event, LateRegression, QuarantineDoubted
from ladle.releases.state import ReleaseState

Watch = Callable[[ReleaseState, float], LateRegression | None]
Doubts = Callable[[ReleaseState, float], QuarantineDoubted | None]
Spending = Callable[[ReleaseState, float], CostRead | None]
Judge = Callable[[ReleaseState, float], Evidence | None]
Settle = Callable[[str, Traffic], None]
Switching = Callable[[str, bool], None]
Switched = Callable[[str, bool], bool]
Decide = Callable[[ReleaseState, Event, float], Decision]


def nothing_to_settle(_model: str, _traffic: Traffic) -> None:
    """Where a release without traffic costs nothing."""


def nothing_comes_late(_state: ReleaseState, _now: float) -> LateRegression | None:
    """Where nobody looks after a promotion."""
    return None


def nothing_is_stopped(_state: ReleaseState, _now: float) -> CostRead | None:
    """Where nobody is billed."""
    return None


def nothing_to_switch(_model: str, _on: bool) -> None:
    """Where what serves costs nothing."""


def always_as_told(_model: str, _on: bool) -> bool:
    """Where nothing is ever switched."""
    return True


def nothing_is_doubted(_state: ReleaseState, _now: float) -> QuarantineDoubted | None:
    """Where nobody looks after a rollback."""
    return None


@dataclass(frozen=True, slots=True)
class Controls:
    """The ports of a controller; ``judge`` reads the counters and weighs them, ``settle`` lets go of
    what runs without traffic once a write has been read back, ``late`` looks after a promotion,
    ``doubts`` after a rollback, ``spending`` at the ceilings of cost, and ``switch`` stops all that serves
    or starts it again, and ``switched`` says whether it is so.

    ``decide`` is a field so that the simulator can show that it notices a wrong one.
    """

    ledger: ReleaseLedger
    inbox: ReleaseInbox
    traffic: TrafficRouter
    alarms: AlarmReader
    announcer: Announcer
    clock: Clock
    judge: Judge
    decide: Decide = decide
    settle: Settle = nothing_to_settle
    late: Watch = nothing_comes_late
    spending: Spending = nothing_is_stopped
    switch: Switching = nothing_to_switch
    switched: Switched = always_as_told
    doubts: Doubts = nothing_is_doubted
