"""No candidate gets traffic that could not be taken from it again."""

from __future__ import annotations

from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import RollbackTried
from ladle.releases.intent import IntentKind
from ladle.releases.moves import give_up, unchanged, with_notice, with_status
from ladle.releases.state import ReleaseState
from ladle.values import replace

TRIES = (IntentKind.START_CANARY, IntentKind.GO_LIVE)


def rollback_tried(state: ReleaseState, event: RollbackTried, now: float) -> Decision:
    """A dry run, or a write in earnest, was refused; or the dry run went through again."""
    if event.why is None:
        return _possible_again(state)
    if state.intent is not None and state.intent.kind in TRIES:
        return _not_yet(state, event.why, now)
    if state.blocked == event.why:
        return unchanged(state, event.why)
    text = f"traffic cannot be moved, by no rollback either: {event.why}"
    return _blocked(state, event.why, text, None)


def _not_yet(state: ReleaseState, why: str, now: float) -> Decision:
    """The candidate waits for its turn again; what a slow controller may write yet is known."""
    candidate = state.the_candidate
    text = f"release {candidate.number} waits: it could not be rolled back, {why}"
    state = with_status(state, candidate.number, ReleaseStatus.REQUESTED)
    state = replace(
        give_up(state),
        phase=Phase.STABLE,
        phase_since=now,
        candidate=None,
        waiting=(candidate,),
        reason=text,
    )
    return _blocked(state, why, text, candidate.number)


def _blocked(state: ReleaseState, why: str, text: str, release: int | None) -> Decision:
    told = state.blocked == why
    state = replace(state, blocked=why)
    if not told:
        state = with_notice(state, f"{state.model}: a rollback is not possible", text)
    return Decision(state, (NewRecord(RecordKind.HELD, release, text, {"missing": why}),))


def _possible_again(state: ReleaseState) -> Decision:
    if state.blocked is None:
        return unchanged(state, "a rollback is possible")
    text = "traffic can be moved again"
    state = replace(state, blocked=None, reason="")
    return Decision(state, (NewRecord(RecordKind.RESUMED, None, text),))
