"""A wake-up carries one model's release as far as the facts allow; with nothing to do it writes nothing.

Three breaths, again and again: read the alias, then the ledger, then everything else; decide; store.
The alias is read first and written with the revision of that read: whoever wrote the ledger since is
seen, whoever wrote the alias since makes our write fail. So neither a crash, nor a second controller,
nor one that slept through its lease can do harm; the lease only spares the work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ladle.actions.controls import Controls
from ladle.actions.sense_release import read_switch, sensors, try_rollback
from ladle.errors import Conflict, Forbidden, LadleError, NotFound, Unavailable
from ladle.policy.statuses import Phase
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.releases.effects import Decision
from ladle.releases.events import (
    CannotServe,
    IntentDone,
    OutboxDone,
    PersonAsked,
    RollbackTried,
    TimePassed,
    TrafficObserved,
    WriteDelayed,
)
from ladle.releases.intent import Intent, IntentKind
from ladle.releases.outbox import Effect, Notify, Retire, Switch
from ladle.releases.returning import TRIES
from ladle.releases.state import ReleaseState

LEASE_S = 45.0
PATIENCE_S = 40.0  # of one wake-up for one model; a lease outlives it
ODD_READS = (
    8  # Lambda itself shows odd weights while it moves traffic: seconds, not a foreign write
)
POLL_S = 1.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 4.0
PROBED = (IntentKind.ROLL_BACK, IntentKind.RESTORE)


class Advance(StrEnum):
    """How a wake-up ended; LATER and BUSY leave work for the next one."""

    QUIET = "quiet"
    BUSY = "busy"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Store:
    """A decision to write down, with the inbox messages that it has taken in, and the traffic that
    must be settled before.
    """

    decision: Decision
    done: tuple[str, ...] = ()
    settled: Traffic | None = None


@dataclass(frozen=True, slots=True)
class WriteAlias:
    state: ReleaseState
    intent: Intent
    revision: str


@dataclass(frozen=True, slots=True)
class Send:
    state: ReleaseState


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The alias reads odd; it must do so for a while before that means anything."""


Work = Store | WriteAlias | Send | LookAgain


def advance_release(
    model: str, controls: Controls, owner: str, patience_s: float = PATIENCE_S
) -> Advance:
    """Works until nothing changes or patience ends. ``owner`` names this wake-up in the lease.

    People are told when the traffic may not be read or moved, which raises Forbidden, and when AWS took
    no write for too long.
    """
    try:
        return _advance(model, controls, owner, patience_s)
    except Forbidden as denied:
        _tell_people(model, controls, RollbackTried(denied.finding.what))
        raise


def _advance(model: str, controls: Controls, owner: str, patience_s: float) -> Advance:
    clock, ledger = controls.clock, controls.ledger
    give_up_at = clock.now() + patience_s
    leased, odd_reads, backoff_s = False, 0, FIRST_BACKOFF_S
    busy: Unavailable | None = None
    try:
        while clock.now() < give_up_at:
            try:
                work = next_work(model, controls, odd_reads)
                if work is None:
                    return Advance.QUIET
                was_leased = leased
                leased = ledger.acquire_lease(model, owner, clock.now(), LEASE_S)
                if not leased:
                    return Advance.BUSY
                if not was_leased:
                    continue  # what was read without the lease may be old
                if not _done(model, controls, work):
                    return Advance.LATER
                odd_reads = odd_reads + 1 if isinstance(work, LookAgain) else 0
                backoff_s = FIRST_BACKOFF_S
            except Conflict:
                clock.sleep(POLL_S / 4)  # somebody wrote first: read again
            except Unavailable as throttled:
                busy = throttled
                clock.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)
        if busy is not None:
            _tell_people(model, controls, WriteDelayed(busy.finding.what))
        return Advance.LATER
    finally:
        if leased:
            with contextlib.suppress(Unavailable):  # it runs out by itself
                ledger.release_lease(model, owner)


def next_work(model: str, controls: Controls, odd_reads: int) -> Work | None:
    """Loads and decides; writes nothing. The order of the two first reads is the law above."""
    observed = controls.traffic.read(model)
    state = controls.ledger.load(model)
    now = controls.clock.now()
    seen = controls.decide(state, TrafficObserved(observed), now)
    if seen.records:
        known = odd_reads >= ODD_READS or state.phase is Phase.FROZEN
        return Store(seen) if known else LookAgain()
    if Switch(on=True) in state.outbox:
        return Send(state)  # what is stopped answers no probe
    switch = read_switch(model, controls, state)
    put_right = controls.decide(state, switch, now) if switch is not None else None
    if put_right is not None and put_right.records:
        return Store(put_right)
    if state.intent is not None:
        return _further(controls, state, state.intent, observed, now)
    return _decided(model, controls, state, now) or (Send(state) if state.outbox else None)


def _further(
    controls: Controls,
    state: ReleaseState,
    intent: Intent,
    observed: ObservedTraffic | None,
    now: float,
) -> Work | None:
    if observed is None:
        gone = CannotServe(intent.traffic.main, "there is no alias")
        return Store(controls.decide(state, gone, now))
    if not observed.settled:
        return None  # the next wake-up looks again; waiting here would hold up other models
    if intent.traffic.reads_like(observed.traffic):
        done = controls.decide(state, IntentDone(intent.id), now)
        return Store(done, settled=intent.traffic)
    return WriteAlias(state, intent, observed.revision)


def _decided(model: str, controls: Controls, state: ReleaseState, now: float) -> Store | None:
    """The first fact that changes something: readings, then messages, then the clock.

    While a reading fails, silence must not pass for health: people are heard, and then it is tried
    again.
    """
    failed: Unavailable | None = None
    for sensor in sensors(model, controls, state, now):
        try:
            event = sensor()
        except Unavailable as error:  # each speaks also while the other is dead
            failed = error
            continue
        decision = controls.decide(state, event, now) if event is not None else None
        if decision is not None and decision.records:
            return Store(decision)
    for delivered in controls.inbox.pending(model):
        if failed is None or isinstance(delivered.message, PersonAsked):
            decision = controls.decide(state, delivered.message, now)
            if decision.heard:
                return Store(decision, (delivered.id,))
    if failed is not None:
        raise failed
    passed = controls.decide(state, TimePassed(), now)
    return Store(passed) if passed.records else None


def _done(model: str, controls: Controls, work: Work) -> bool:
    """False when nothing of it could be done now, and trying at once again would not help."""
    now = controls.clock.now()
    match work:
        case LookAgain():
            controls.clock.sleep(POLL_S)
        case Store(decision, done, settled):
            if settled is not None:
                controls.settle(model, settled)
            controls.ledger.save(decision.state, decision.records, now, done)
        case Send(state):
            sent = _sent(model, controls, state.outbox)
            if not sent:
                return False
            controls.ledger.save(controls.decide(state, OutboxDone(sent), now).state, (), now)
        case WriteAlias(state, intent, revision):
            refused = _write(model, controls, state, intent, revision)
            if refused is not None:
                failed = controls.decide(state, refused, now)
                controls.ledger.save(failed.state, failed.records, now)
    return True


def _write(
    model: str, controls: Controls, state: ReleaseState, intent: Intent, revision: str
) -> CannotServe | RollbackTried | None:
    """None when the alias took it; otherwise which of its releases cannot serve, or why a candidate
    could not be taken back.
    """
    wanted = intent.traffic
    if intent.kind in TRIES and state.traffic is not None:
        tried = try_rollback(model, controls, state.traffic)
        if tried.why is not None:
            return tried
    if intent.kind in PROBED and not controls.traffic.can_start(model, wanted.main):
        return CannotServe(wanted.main, "it does not answer a warm probe")
    try:
        controls.traffic.write(model, wanted, revision)
    except NotFound as missing:
        canary = wanted.canary
        if canary is not None and not controls.traffic.can_start(model, canary):
            return CannotServe(canary, missing.finding.what)
        return CannotServe(wanted.main, missing.finding.what)
    return None


def _tell_people(model: str, controls: Controls, trouble: RollbackTried | WriteDelayed) -> None:
    """Once: traffic cannot be moved until AWS lets it. An open intent holds up no such notice."""
    now = controls.clock.now()
    with contextlib.suppress(Conflict, Unavailable):
        state = controls.ledger.load(model)
        told = controls.decide(state, trouble, now)
        if told.records:
            state = controls.ledger.save(told.state, told.records, now)
        if state.blocked is None:
            return
        notices = [effect for effect in state.outbox if isinstance(effect, Notify)]
        if sent := _sent(model, controls, notices):
            controls.ledger.save(controls.decide(state, OutboxDone(sent), now).state, (), now)


def _sent(model: str, controls: Controls, outbox: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects that could be carried out; one that cannot does not hold up the others."""
    sent: list[Effect] = []
    forbidden: Forbidden | None = None
    for effect in outbox:
        try:
            _send(model, controls, effect)
            sent.append(effect)
        except Unavailable:
            continue
        except Forbidden as denied:
            forbidden = denied
    if forbidden is not None and not sent:  # traffic is not concerned
        raise LadleError(forbidden.code, forbidden.finding.what, forbidden.finding.fix)
    return tuple(sent)


def _send(model: str, controls: Controls, effect: Effect) -> None:
    if isinstance(effect, Retire):
        for release in effect.releases:
            controls.traffic.delete(model, release)
    elif isinstance(effect, Switch):
        controls.switch(model, effect.on)
    else:
        controls.announcer.announce(model, effect.subject, effect.text)
