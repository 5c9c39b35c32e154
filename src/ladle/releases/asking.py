"""A person always wins: what is asked is done and recorded, or refused with a reason and recorded."""

from __future__ import annotations

from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import PersonAsked
from ladle.releases.intent import IntentKind
from ladle.releases.moves import (
    finish,
    hold_back,
    intend,
    prove_first,
    restore,
    with_notice,
    with_status,
    without,
)
from ladle.releases.rollback import Cause, newest_proven, roll_back
from ladle.releases.state import Quarantined, Release, ReleaseState
from ladle.values import replace


def refused(state: ReleaseState, event: PersonAsked, why: str) -> Decision:
    """Nothing changes but the history, which says who asked and why it was not done."""
    text = f"{event.by} asked to {event.ask}, which was refused: {why}"
    return Decision(state, (NewRecord(RecordKind.REFUSED, None, text, {"to": event.to}),), note=why)


def signed(decision: Decision, event: PersonAsked) -> Decision:
    """The first row says who asked for what, and why."""
    who = {"ask": str(event.ask), "by": event.by, "reason": event.reason}
    first, *rest = decision.records
    return replace(decision, records=(replace(first, data={**first.data, **who}), *rest))


def rollback(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    leaving = state.candidate or state.the_stable
    if event.to is None:
        others = replace(state, good=without(state.good, leaving.number))
        target = newest_proven(others)
    else:
        target = state.release(event.to)
    if why := _unfit(state, event, leaving, target):
        return refused(state, event, why)
    cause = Cause(f"{event.by} asked for it{because(event)}", automatic=False)
    return roll_back(state, cause, now, to=target)


def _unfit(
    state: ReleaseState, event: PersonAsked, leaving: Release, target: Release | None
) -> str | None:
    if target is None:
        wanted = f"release {event.to} is not kept" if event.to else "no other release is proven"
        return f"{wanted}; proven are {_numbers(state.good)}"
    if target.number == leaving.number:
        return f"release {target.number} is the one that would leave"
    if entry := state.quarantined(target):
        return f"{entry.scope.of(target.number)} is quarantined: lift it first"
    if target not in state.good and state.phase is not Phase.DEGRADED:
        return f"release {target.number} is not proven; proven are {_numbers(state.good)}"
    return None


def promote(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """The next phase at once, whatever the evidence says."""
    phase = state.paused_from if state.phase is Phase.PAUSED else state.phase
    text = f"{event.by} promoted release {{}}{because(event)}"
    if phase is Phase.CANARY:
        return hold_back(state, now, text.format(state.the_candidate.number), {})
    if phase is Phase.HOLDBACK:
        return finish(state, now, text.format(state.the_candidate.number), {})
    if phase is Phase.BASELINE:
        return prove_first(state, now, text.format(state.the_stable.number), {})
    return refused(state, event, "no release is being tried")


def promote_degraded(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """A person vouches for what serves."""
    release = state.the_stable
    if state.quarantined(release):
        return refused(state, event, f"release {release.number} is quarantined: lift it first")
    text = f"{event.by} vouches for release {release.number}{because(event)}"
    row = NewRecord(RecordKind.GOOD, release.number, text)
    restored = restore(state, release, text, now)
    return replace(restored, records=(row, *restored.records))


def pause(state: ReleaseState, event: PersonAsked, _now: float) -> Decision:
    text = f"{event.by} paused the controller{because(event)}"
    came_from = state.paused_from if state.phase is Phase.PAUSED else state.phase
    state = replace(
        state, phase=Phase.PAUSED, paused_from=came_from, paused_by=event.by, reason=text
    )
    return Decision(state, (NewRecord(RecordKind.PAUSED, None, text),))


def resume(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """Where the evidence had not sufficed, the bake begins again and the evidence goes on."""
    since = state.phase_since if state.paused_by else now
    return _resumed(replace(state, phase_since=since), event, state.paused_from or Phase.STABLE)


def resume_frozen(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    if state.foreign is not None:
        why = f"the alias reads {state.foreign}: say --adopt to keep that, --restore to undo it"
        return refused(state, event, why)
    # What was counted while somebody else dealt the requests proves nothing.
    state = replace(state, rollback_times=(), phase_since=now, evidence_since=now)
    return _resumed(state, event, state.paused_from or Phase.STABLE)


def resume_degraded(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """What serves gets all traffic and another bake."""
    number = state.the_stable.number
    if state.quarantined(state.the_stable):
        return refused(state, event, f"release {number} is quarantined: lift it first")
    resumed = _resumed(with_status(state, number, ReleaseStatus.BASELINE), event, Phase.BASELINE)
    text = resumed.records[0].text
    state, row = intend(resumed.state, IntentKind.BASELINE, Traffic(number), text, now)
    return Decision(state, (*resumed.records, row))


def _resumed(state: ReleaseState, event: PersonAsked, phase: Phase) -> Decision:
    text = f"{event.by} let the controller go on{because(event)}"
    state = replace(
        state, phase=phase, paused_from=None, paused_by=None, held_since=None, reason=""
    )
    return Decision(state, (NewRecord(RecordKind.RESUMED, None, text),))


def adopt(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """The alias stays as somebody else wrote it; from now on it is the ledger's own."""
    found = state.foreign
    if found is None:
        return refused(state, event, "the alias reads as the ledger says")
    if why := _not_adoptable(state, found):
        return refused(state, event, why)
    state = replace(state, traffic=found, foreign=None, phase_since=now, evidence_since=now)
    main = state.release(found.main)
    if found.canary is None and main is not None:
        return _adopt_one(state, event, main)
    candidate, tried = state.the_candidate, found.canary == state.the_candidate.number
    status = ReleaseStatus.CANARY if tried else ReleaseStatus.HOLDBACK
    state = with_status(state, candidate.number, status)
    return _resumed(state, event, Phase.CANARY if tried else Phase.HOLDBACK)


def _not_adoptable(state: ReleaseState, found: Traffic) -> str | None:
    for number in found.weights:
        if state.release(number) is None:
            return f"version {number} is no release that Ladle keeps"
    if why := _quarantined_in(state, found):
        return why
    arms = {r.number for r in (state.stable, state.candidate) if r is not None}
    homes = {release.home for release in state.releases if release.number in found.weights}
    if found.canary is not None and ({*found.weights} != arms or len(homes) > 1):
        return "the split is not between the stable release and the candidate"
    return None


def _quarantined_in(state: ReleaseState, traffic: Traffic) -> str | None:
    for release in state.releases:
        if release.number in traffic.weights and (entry := state.quarantined(release)):
            return f"{entry.scope.of(release.number)} is quarantined: lift it first"
    return None


def _adopt_one(state: ReleaseState, event: PersonAsked, release: Release) -> Decision:
    if state.candidate is not None and state.candidate.number != release.number:
        state = with_status(state, state.candidate.number, ReleaseStatus.SUPERSEDED)
    state = with_status(state, release.number, ReleaseStatus.GOOD)
    good = (*without(state.good, release.number), release)
    return _resumed(replace(state, stable=release, candidate=None, good=good), event, Phase.STABLE)


def restore_ledger(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """The alias is written back to what the ledger says."""
    if state.traffic is None:
        return refused(state, event, "the ledger has never confirmed any traffic")
    if why := _quarantined_in(state, state.traffic):
        return refused(state, event, why)
    resumed = _resumed(state, event, state.paused_from or Phase.STABLE)
    text = resumed.records[0].text
    state, row = intend(resumed.state, IntentKind.RESTORE, state.traffic, text, now)
    return Decision(state, (*resumed.records, row))


def lift(state: ReleaseState, event: PersonAsked, _now: float) -> Decision:
    """The digest may be tried again; the newest hand-off of it is, from the canary on."""
    entry = next((q for q in state.quarantine if q.digest == event.digest), None)
    if entry is None:
        return refused(state, event, f"{event.digest} is not quarantined")
    if not event.reason.strip():
        return refused(state, event, "a lift needs a reason")
    text = f"{event.by} lifted the quarantine of {entry.scope} {entry.digest[:19]}{because(event)}"
    data = {
        "scope": str(entry.scope),
        "digest": entry.digest,
        "old_reason": entry.reason,
        "old_log_e": entry.log_e,
        "old_doubt": entry.doubt,
    }
    state = replace(state, quarantine=tuple(q for q in state.quarantine if q != entry))
    row = NewRecord(RecordKind.LIFTED, entry.release, text, data)
    return Decision(_request_again(state, entry), (row,))


def remove(state: ReleaseState, event: PersonAsked, _now: float) -> Decision:
    """Nothing of the model serves from now on. Its history stays, and so does what is quarantined."""
    text = f"{event.by} takes the model down{because(event)}"
    empty = ReleaseState(
        model=state.model,
        generation=state.generation,
        quarantine=state.quarantine,
        outbox=state.outbox,
        rows=state.rows,
        deployed=state.deployed,
    )
    empty = with_notice(empty, f"{state.model}: taken down", text)
    return Decision(empty, (NewRecord(RecordKind.REMOVED, None, text, {"alias": None}),))


def _request_again(state: ReleaseState, lifted: Quarantined) -> ReleaseState:
    newest = next((r for r in state.releases if r.release_digest == state.handed_over), None)
    refused_or_out = (ReleaseStatus.REFUSED, ReleaseStatus.ROLLED_BACK)
    if (
        newest is None
        or not lifted.names(newest)
        or state.quarantined(newest)
        or state.statuses.get(newest.number) not in refused_or_out
    ):
        return state
    state = with_status(state, newest.number, ReleaseStatus.REQUESTED)
    return replace(state, waiting=(newest,))


def because(event: PersonAsked) -> str:
    """What a person said of it, to put behind a sentence."""
    return f": {event.reason}" if event.reason else ""


def _numbers(releases: tuple[Release, ...]) -> str:
    return ", ".join(str(r.number) for r in releases) or "none"
