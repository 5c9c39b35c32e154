"""What one wake-up makes of odd reads, of readings that fail, and of notices that do not go out."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ladle.actions.advance_release import advance_release
from ladle.actions.controls import Controls
from ladle.errors import Unavailable
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.policy.verdicts import Evidence
from ladle.ports import AlarmReading, Announcer, TrafficRouter
from ladle.releases.events import Ask
from ladle.releases.outbox import Notify
from ladle.releases.state import ReleaseState
from ladle.simulation.faults import CALM
from ladle.simulation.openings import Act, ask, due, hand_over, held_back, withdraw
from ladle.simulation.rollouts import Simulation
from ladle.simulation.world import MODEL, Truth, World


def begun(story: Act) -> Simulation:
    simulation = Simulation(random.Random(0), CALM)
    story(simulation)
    return simulation


@dataclass(slots=True)
class Calls:
    """Makes each call as it is."""

    world: World

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        return function(*args, **named)

    def now(self) -> float:
        return self.world.now

    def sleep(self, seconds: float) -> None:
        self.world.pass_time(seconds)


def controls_of(simulation: Simulation) -> Controls:
    return simulation.controls(Calls(simulation.world))


@dataclass(slots=True)
class OddFor:
    """Lambda shows other weights for a few reads while it moves traffic."""

    port: TrafficRouter
    reads: int

    def read(self, model: str) -> ObservedTraffic | None:
        self.reads -= 1
        observed = self.port.read(model)
        if self.reads < 0 or observed is None:
            return observed
        return ObservedTraffic(Traffic(1, 2, 0.07), observed.revision)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.port.write(model, traffic, expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        return self.port.can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        self.port.delete(model, release)


@dataclass(slots=True)
class DumbAfter:
    """``left`` notices go out, and none after them for now."""

    port: Announcer
    left: int = 0

    def announce(self, model: str, subject: str, text: str) -> None:
        if self.left == 0:
            raise Unavailable("LD504", "the topic was throttled", "try again")
        self.left -= 1
        self.port.announce(model, subject, text)


class NoAlarms:
    def native(self, model: str, release: int) -> AlarmReading:
        raise Unavailable("LD504", "CloudWatch was throttled", "try again")


def test_weights_that_read_odd_for_some_seconds_freeze_nothing() -> None:
    simulation = begun(due)
    controls = controls_of(simulation)
    odd = replace(controls, traffic=OddFor(controls.traffic, reads=4))
    advance_release(MODEL, odd, "test")
    assert simulation.world.ledger.load(MODEL).phase is Phase.HOLDBACK


def test_weights_that_stay_odd_freeze() -> None:
    simulation = begun(due)
    controls = controls_of(simulation)
    odd = replace(controls, traffic=OddFor(controls.traffic, reads=1000))
    advance_release(MODEL, odd, "test")
    assert simulation.world.ledger.load(MODEL).phase is Phase.FROZEN


def test_while_evidence_cannot_be_read_neither_time_nor_a_newer_release_ends_a_holdback() -> None:
    def blind(_state: ReleaseState, _now: float) -> Evidence | None:
        raise Unavailable("LD504", "the counters were throttled", "try again")

    simulation = begun(held_back)
    hand_over(simulation, 3)
    controls = controls_of(simulation)
    advance_release(MODEL, replace(controls, judge=blind), "test")
    advance_release(MODEL, replace(controls, alarms=NoAlarms()), "test")
    state = simulation.world.ledger.load(MODEL)
    assert (state.phase, state.statuses[2]) == (Phase.HOLDBACK, ReleaseStatus.HOLDBACK)
    assert simulation.world.ledger.inbox.pending(MODEL)
    advance_release(MODEL, controls, "test")
    assert simulation.world.ledger.load(MODEL).statuses[2] is ReleaseStatus.GOOD


def test_a_notice_that_did_not_go_out_goes_out_later() -> None:
    simulation = begun(due)
    simulation.world.truths[2] = Truth.WRONG
    controls = controls_of(simulation)
    advance_release(MODEL, replace(controls, announcer=DumbAfter(controls.announcer)), "test")
    assert simulation.world.ledger.load(MODEL).outbox
    advance_release(MODEL, controls, "test")
    assert [subject for subject, _ in simulation.world.announcer.said] == [
        "m: rolled back from release 2 to 1"
    ]
    assert not simulation.world.ledger.load(MODEL).outbox


def test_a_withdrawal_waits_in_the_inbox_while_a_person_has_paused() -> None:
    simulation = begun(due)
    for act in (ask(Ask.PAUSE), withdraw):
        act(simulation)
        simulation.wake()
    ledger = simulation.world.ledger
    assert ledger.load(MODEL).phase is Phase.PAUSED
    assert [d.id for d in ledger.inbox.pending(MODEL)] == ["withdraw"]
    ask(Ask.RESUME)(simulation)
    simulation.wake()
    assert ledger.load(MODEL).statuses[2] is ReleaseStatus.SUPERSEDED
    assert not ledger.inbox.pending(MODEL)


def test_of_two_notices_the_one_that_did_not_go_out_is_kept() -> None:
    simulation = begun(due)
    simulation.wake()
    ledger = simulation.world.ledger
    both = (Notify("first", ""), Notify("second", ""))
    ledger.states[MODEL] = replace(ledger.load(MODEL), outbox=both)
    controls = controls_of(simulation)
    once = replace(controls, announcer=DumbAfter(controls.announcer, left=1))
    advance_release(MODEL, once, "test")
    assert ledger.load(MODEL).outbox == both[1:]
