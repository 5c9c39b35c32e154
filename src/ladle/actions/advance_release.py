"""A wake-up carries one model's release as far as the facts allow; with nothing to do it writes nothing.

Three breaths, again and again: read the alias, then the ledger, then everything else; decide; store.
The alias is read first and written with the revision of that read: whoever wrote the ledger since is
seen, whoever wrote the alias since makes our write fail. So neither a crash, nor a second controller,
nor one that slept through its lease can do harm; the lease only spares the work.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ladle.errors import Conflict, NotFound, Unavailable
from ladle.policy.statuses import Phase
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.policy.verdicts import Evidence
from ladle.ports import (
    AlarmReader,
    Announcer,
    Clock,
    ReleaseInbox,
    ReleaseLedger,
    TrafficRouter,
)
from ladle.releases.decide import decide
from ladle.releases.effects import Decision
from ladle.releases.events import (
    CannotServe,
    Event,
    EvidenceRead,
    IntentDone,
    NativeAlarmRang,
    OutboxDone,
    PersonAsked,
    TimePassed,
    TrafficObserved,
)
from ladle.releases.outbox import Effect, Retire
from ladle.releases.state import Intent, IntentKind, ReleaseState

LEASE_S = 45.0
PATIENCE_S = 40.0  # of one wake-up for one model; a lease outlives it
ODD_READS = (
    8  # Lambda itself shows odd weights while it moves traffic: seconds, not a foreign write
)
POLL_S = 1.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 4.0
PROBED = (IntentKind.ROLL_BACK, IntentKind.RESTORE)
WATCHED = (Phase.BASELINE, Phase.CANARY, Phase.HOLDBACK, Phase.PAUSED)

Judge = Callable[[ReleaseState, float], Evidence | None]
Settle = Callable[[str, Traffic], None]
Decide = Callable[[ReleaseState, Event, float], Decision]


def nothing_to_settle(_model: str, _traffic: Traffic) -> None:
    """Where a release without traffic costs nothing."""


@dataclass(frozen=True, slots=True)
class Controls:
    """The ports of a controller; ``judge`` reads the counters and weighs them, ``settle`` lets go of
    what runs without traffic once a write has been read back.

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
    """Works until nothing changes or patience ends. ``owner`` names this wake-up in the lease."""
    clock, ledger = controls.clock, controls.ledger
    give_up_at = clock.now() + patience_s
    leased, odd_reads, backoff_s = False, 0, FIRST_BACKOFF_S
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
            except Unavailable:
                clock.sleep(backoff_s)
                backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)
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
    for sensor in _sensors(model, controls, state, now):
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


def _sensors(
    model: str, controls: Controls, state: ReleaseState, now: float
) -> Sequence[Callable[[], Event | None]]:
    """The native alarm and the counters, while a release is on trial and nobody paused."""
    trial = state.on_trial
    if trial is None or state.phase not in WATCHED or state.paused_by is not None:
        return ()

    def alarm() -> Event | None:
        reading = controls.alarms.native(model, trial.number)
        return NativeAlarmRang(trial.number, reading.samples) if reading.ringing else None

    def counters() -> Event | None:
        evidence = controls.judge(state, now)
        return None if evidence is None else EvidenceRead(evidence)

    return (alarm, counters)


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
            refused = _write(model, controls, intent, revision)
            if refused is not None:
                failed = controls.decide(state, refused, now)
                controls.ledger.save(failed.state, failed.records, now)
    return True


def _write(model: str, controls: Controls, intent: Intent, revision: str) -> CannotServe | None:
    """None when the alias took it; otherwise which of its releases cannot serve, and why."""
    wanted = intent.traffic
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


def _sent(model: str, controls: Controls, outbox: Sequence[Effect]) -> tuple[Effect, ...]:
    """The effects that could be carried out; one that cannot does not hold up the others."""
    sent: list[Effect] = []
    for effect in outbox:
        with contextlib.suppress(Unavailable):
            if isinstance(effect, Retire):
                for release in effect.releases:
                    controls.traffic.delete(model, release)
            else:
                controls.announcer.announce(model, effect.subject, effect.text)
            sent.append(effect)
    return tuple(sent)
