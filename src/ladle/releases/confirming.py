"""What a read of the alias says of the last write: done, not possible, or somebody else's."""

from __future__ import annotations

from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import ObservedTraffic, Traffic, as_alias
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import (
    CannotServe,
    IntentDone,
    OutboxDone,
    TrafficObserved,
    WriteDelayed,
)
from ladle.releases.intent import IntentKind
from ladle.releases.moves import after, give_up, intend, unchanged, with_notice, with_status
from ladle.releases.rollback import BRAKE_ROLLBACKS, aim_again, brake
from ladle.releases.state import ReleaseState
from ladle.releases.stopping import carried_out
from ladle.values import replace

DELAYED_S = 120.0  # a rollback should be over by then
# What begins a comparison: its evidence counts from the moment when the alias reads so.
BEGINS_EVIDENCE = {
    IntentKind.BASELINE,
    IntentKind.START_CANARY,
    IntentKind.GO_LIVE,
    IntentKind.RESTORE,
}


def intent_done(state: ReleaseState, event: IntentDone, now: float) -> Decision:
    """The alias reads as intended: the phase's clock starts now."""
    intent = state.intent
    if intent is None or intent.id != event.intent_id:
        return unchanged(state, "another intent is open")
    same_revision = intent.traffic.reads_like(state.traffic)  # nothing had to be written
    state = replace(
        state,
        intent=None,
        traffic=intent.traffic,
        foreign=None,
        overtaken=state.overtaken if same_revision else (),
        blocked=None,
        phase_since=now,
        evidence_since=now if intent.kind in BEGINS_EVIDENCE else state.evidence_since,
    )
    row = NewRecord(
        RecordKind.OUTCOME,
        intent.traffic.main,
        f"the alias reads {intent.traffic}",
        {"intent": intent.id, "alias": as_alias(intent.traffic)},
    )
    return Decision(state, (row,))


def rollback_done(state: ReleaseState, event: IntentDone, now: float) -> Decision:
    """Back on a proven release; two automatic rollbacks within a day call a person."""
    done = intent_done(state, event, now)
    if not done.records:
        return done
    if not brake(state, now):
        return replace(done, state=replace(done.state, phase=Phase.STABLE))
    text = f"{BRAKE_ROLLBACKS} rollbacks within a day: no candidate is tried until a person resumes"
    frozen = _freeze(done.state, text, Phase.STABLE)
    return replace(frozen, records=done.records + frozen.records)


def traffic_read(state: ReleaseState, event: TrafficObserved, now: float) -> Decision:
    """Anything but the last confirmed or the intended traffic is a foreign write: never undone."""
    if written := _overtaken_that_was_written(state, event.observed):
        text = f"the alias reads {written}, which had been given up and written all the same"
        state = replace(state, traffic=written, overtaken=())
        row = NewRecord(RecordKind.OUTCOME, None, text, {"alias": as_alias(state.traffic)})
        return after((row,), _taken_back(state, text, now))
    if _expected(state, event.observed):
        if state.intent is None:
            text = f"nobody watches {state.traffic}: no candidate is tried"
            taken_back = _taken_back(state, text, now)
            if taken_back.records:
                return taken_back
        return unchanged(state, "the alias reads as the ledger says")
    found = event.observed.traffic if event.observed else None
    text = _strange("somebody else wrote the alias", found)
    wanted = state.intent.traffic if state.intent else state.traffic
    came_from = state.paused_from if state.phase is Phase.PAUSED else state.phase
    state = replace(state, traffic=wanted, foreign=found)
    return _freeze(state, text + _quarantine_warning(state, found), came_from or state.phase)


def _taken_back(state: ReleaseState, why: str, now: float) -> Decision:
    """A candidate that is not tried keeps no share; nobody would watch it."""
    if state.phase is not Phase.STABLE or state.traffic == Traffic(state.the_stable.number):
        return Decision(state)
    alone = Traffic(state.the_stable.number)
    state, row = intend(state, IntentKind.WITHDRAW, alone, why, now)
    return Decision(state, (row,))


def traffic_read_frozen(state: ReleaseState, event: TrafficObserved, _now: float) -> Decision:
    """Frozen stays frozen; only what there is to adopt is kept up to date."""
    found = event.observed.traffic if event.observed else None
    if state.traffic is not None and state.traffic.reads_like(found):
        if state.foreign is None:
            return unchanged(state, "the alias reads as the ledger says")
        text = "the alias reads as the ledger says again; a person resumes"
        return _foreign_row(replace(state, foreign=None), text, found)
    if found == state.foreign:
        return unchanged(state, "the alias is as somebody else left it")
    text = _strange("somebody else wrote the alias again", found)
    text += _quarantine_warning(state, found)
    return _foreign_row(replace(state, foreign=found, reason=text), text, found)


def _strange(wrote: str, found: Traffic | None) -> str:
    """What reads as no release's traffic may have been written by nobody: a home can fail under its door."""
    if found is not None and not found.main:
        return "requests reach no release: the door is led elsewhere, or where it leads has failed"
    return f"{wrote}: it reads {found or 'nothing, it is gone'}"


def cannot_serve_candidate(state: ReleaseState, event: CannotServe, now: float) -> Decision:
    """A candidate without a version gets no weight; nothing was written yet."""
    candidate, intent = state.the_candidate, state.intent
    if intent is None or event.release != candidate.number or state.traffic is None:
        return cannot_serve(state, event, now)
    text = f"release {candidate.number} is refused: {event.why}"
    state = with_status(state, candidate.number, ReleaseStatus.REFUSED)
    state = replace(
        state,
        phase=Phase.STABLE,
        candidate=None,
        intent=None,
        phase_since=now,
        handed_over=state.the_stable.release_digest,  # so that a deploy of it is heard again
    )
    state = with_notice(state, f"{state.model}: release {event.release} refused", text)
    return Decision(state, (NewRecord(RecordKind.REFUSED, event.release, text),))


def cannot_go_live(state: ReleaseState, event: CannotServe, now: float) -> Decision:
    """Before its first request a candidate is refused, as in its canary."""
    traffic = state.traffic
    if traffic is not None and state.the_candidate.number in traffic.weights:
        return cannot_serve(state, event, now)
    return cannot_serve_candidate(state, event, now)


def cannot_serve_target(state: ReleaseState, event: CannotServe, now: float) -> Decision:
    if state.intent is None or state.intent.traffic.main != event.release:
        return unchanged(state, "another intent is open")
    return aim_again(state, state.intent, event.release, event.why, now)


def cannot_serve(state: ReleaseState, event: CannotServe, _now: float) -> Decision:
    """A write that AWS refuses for good: a person must look, the alias stays as it is."""
    if state.intent is None:
        return unchanged(state, "no intent is open")
    text = f"release {event.release} cannot take the traffic that was decided: {event.why}"
    state = replace(
        give_up(state),
        traffic=state.intent.traffic,
        foreign=state.foreign or state.traffic,
    )
    return _freeze(state, text, state.phase)


def write_delayed(state: ReleaseState, event: WriteDelayed, now: float) -> Decision:
    """People are told once; the write stays intended and is tried on."""
    intent = state.intent
    if intent is None or now - intent.at < DELAYED_S or state.blocked is not None:
        return unchanged(state, event.why)
    text = (
        f"the alias should read {intent.traffic} since {now - intent.at:.0f} s, and AWS says: {event.why}; "
        "it is written as soon as AWS takes it, until then traffic stays as it is"
    )
    state = with_notice(
        replace(state, blocked=event.why), f"{state.model}: traffic cannot be moved yet", text
    )
    row = NewRecord(RecordKind.HELD, intent.traffic.main, text, {"missing": event.why})
    return Decision(state, (row,))


def outbox_done(state: ReleaseState, event: OutboxDone, now: float) -> Decision:
    left = tuple(effect for effect in state.outbox if effect not in event.effects)
    return Decision(replace(carried_out(state, event.effects, now), outbox=left))


def _expected(state: ReleaseState, observed: ObservedTraffic | None) -> bool:
    if observed is None:
        return state.traffic is None
    intended = state.intent.traffic if state.intent else None
    ours = (state.traffic, intended, *state.overtaken, state.foreign)
    return any(observed.traffic.reads_like(traffic) for traffic in ours)


def _overtaken_that_was_written(
    state: ReleaseState, observed: ObservedTraffic | None
) -> Traffic | None:
    """With an intent open it does not matter: that is written over it."""
    if state.intent is not None or observed is None:
        return None
    return next((t for t in state.overtaken if t.reads_like(observed.traffic)), None)


def _quarantine_warning(state: ReleaseState, found: Traffic | None) -> str:
    weights = found.weights if found else {}
    bad = [r.number for r in state.releases if r.number in weights and state.quarantined(r)]
    return "".join(f"; release {n}, which is quarantined, gets traffic" for n in bad)


def _freeze(state: ReleaseState, text: str, came_from: Phase) -> Decision:
    state = replace(
        state,
        phase=Phase.FROZEN,
        # The target of a rollback is the stable release already; restoring finishes the way there.
        paused_from=Phase.STABLE if came_from is Phase.ROLLING_BACK else came_from,
        paused_by=None,
        intent=None,
        reason=text,
    )
    state = with_notice(state, f"{state.model}: FROZEN", text)
    data = {"alias": as_alias(state.foreign), "ledger": as_alias(state.traffic)}
    return Decision(state, (NewRecord(RecordKind.FROZEN, None, text, data),))


def _foreign_row(state: ReleaseState, text: str, found: Traffic | None) -> Decision:
    state = with_notice(state, f"{state.model}: FROZEN", text)
    return Decision(state, (NewRecord(RecordKind.FROZEN, None, text, {"alias": as_alias(found)}),))
