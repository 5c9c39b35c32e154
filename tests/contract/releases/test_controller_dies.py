"""A controller that dies between any two calls, hears an alarm twice or never: the next one ends it.

Ledger, inbox, alias and versions are the embedded AWS's; the alarm's reading and the clock are ours, so
that a lease runs out without waiting for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from ladle.actions.advance_release import LEASE_S, Advance, advance_release
from ladle.actions.controls import Controls
from ladle.disk.clock import SystemClock
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import AlarmReading, ReleaseInbox, ReleaseLedger, TrafficRouter
from ladle.releases.effects import RecordKind
from ladle.simulation.faults import Crash, faulty
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer
from ladle.testing.releases import canary_story

pytestmark = pytest.mark.embedded

FUNCTION = "contract"
CANARY = Traffic(1, 2, 0.1)
MOST_CALLS = 60
Router = tuple[TrafficRouter, Callable[[], None]]


@pytest.fixture(params=["ministack"])
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass(frozen=True, slots=True)
class OneFunction:
    """Every model of these tests has the same function, so that each can begin anew."""

    router: TrafficRouter

    def read(self, model: str) -> ObservedTraffic | None:
        return self.router.read(FUNCTION)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.router.write(FUNCTION, traffic, expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        return self.router.can_start(FUNCTION, release)

    def delete(self, model: str, release: int) -> None:
        self.router.delete(FUNCTION, release)


@dataclass(slots=True)
class Mortal:
    """A process whose call number ``dies_at`` is its last."""

    ahead_s: float = 0.0
    dies_at: int | None = None
    calls: int = 0

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        self.calls += 1
        if self.dies_at is not None and self.calls > self.dies_at:
            raise Crash(name)
        answer = function(*args, **named)
        if self.calls == self.dies_at:
            raise Crash(name)
        return answer

    def now(self) -> float:
        return SystemClock().now() + self.ahead_s

    def sleep(self, seconds: float) -> None:
        self.ahead_s += seconds


@dataclass(slots=True)
class Account:
    ledger: ReleaseLedger
    inbox: ReleaseInbox
    router: OneFunction
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    announcer: MemoryAnnouncer = field(default_factory=MemoryAnnouncer)

    def begin(self, model: str) -> None:
        """Release 1 is proven, release 2 in its canary, and Lambda's own alarm rings on it."""
        observed = self.router.read(model)
        assert observed is not None
        self.router.write(model, CANARY, observed.revision)
        story = canary_story()
        now = SystemClock().now()
        state = replace(story.state, model=model, generation=0, phase_since=now, outbox=())
        self.ledger.save(replace(state, evidence_since=now), (), now)
        self.alarms.readings[2] = AlarmReading(ringing=True, samples=50)

    def wake(self, model: str, process: Mortal, owner: str) -> Advance | None:
        controls = Controls(
            ledger=faulty(process, self.ledger),
            inbox=faulty(process, self.inbox),
            traffic=faulty(process, self.router),
            alarms=faulty(process, self.alarms),
            announcer=faulty(process, self.announcer),
            clock=process,
            judge=lambda _state, _now: None,
        )
        try:
            return advance_release(model, controls, owner)
        except Crash:
            return None

    def alias(self) -> Traffic:
        observed = self.router.read(FUNCTION)
        assert observed is not None
        return observed.traffic

    def rollbacks(self, model: str) -> int:
        rows = self.ledger.records(model)
        return sum(row.kind is RecordKind.ROLLED_BACK for row in rows)

    def end(self, model: str) -> object:
        state = self.ledger.load(model)
        rows = [(row.kind, row.release) for row in self.ledger.records(model)]
        quarantined = [(q.scope, q.digest) for q in state.quarantine]
        return (state.phase, state.outbox, quarantined, self.alias(), rows)


@pytest.fixture
def account(stores: tuple[ReleaseLedger, ReleaseInbox], router: Router) -> Account:
    router[1]()
    return Account(*stores, OneFunction(router[0]))


def test_dead_after_any_call_the_next_controller_reaches_the_same_end(account: Account) -> None:
    """Which is before the next one, too."""
    account.begin("calm")
    calm = Mortal()
    assert account.wake("calm", calm, "first") is Advance.QUIET
    wanted = account.end("calm")
    assert account.alias() == Traffic(1)
    assert 10 < calm.calls < MOST_CALLS
    for dies_at in range(1, calm.calls + 1):
        model = f"dead-{dies_at}"
        account.begin(model)
        assert account.wake(model, Mortal(dies_at=dies_at), "first") is None
        account.wake(model, Mortal(LEASE_S + 1), "second")
        assert account.end(model) == wanted, dies_at


def test_an_alarm_heard_twice_at_once_or_never_is_one_rollback(account: Account) -> None:
    account.begin("twice")
    for owner in ("first", "second"):
        assert account.wake("twice", Mortal(), owner) is Advance.QUIET
    assert account.rollbacks("twice") == 1

    account.begin("at once")
    account.wake("at once", Mortal(dies_at=9), "first")
    assert account.wake("at once", Mortal(), "second") is Advance.BUSY
    account.wake("at once", Mortal(LEASE_S + 1), "second")
    assert account.rollbacks("at once") == 1

    account.begin("never")  # the event carries nothing that the minute's wake-up would not read
    assert account.wake("never", Mortal(), "the minute") is Advance.QUIET
    assert account.rollbacks("never") == 1
