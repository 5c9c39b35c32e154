"""The newest hand-off is what the team wants; each older one gives way, at once or in turn."""

from __future__ import annotations

from collections.abc import Callable

from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import CandidateReady, CandidateWithdrawn
from ladle.releases.moves import (
    after,
    begin,
    finish,
    refuse,
    restore,
    unchanged,
    with_notice,
    with_status,
    withdraw,
    without,
)
from ladle.releases.outbox import Effect, Retire
from ladle.releases.state import Release, ReleaseState
from ladle.values import replace

Then = Callable[[ReleaseState, Release, float], Decision]


def start_now(state: ReleaseState, event: CandidateReady, now: float) -> Decision:
    return _handed_over(state, event.release, now, begin)


def wait_for_turn(state: ReleaseState, event: CandidateReady, now: float) -> Decision:
    return _handed_over(state, event.release, now, _wait)


def supersede_canary(state: ReleaseState, event: CandidateReady, now: float) -> Decision:
    """The old candidate's weight goes to 0 first; the new one starts when that is done."""
    return _handed_over(state, event.release, now, _withdraw_for)


def end_holdback(state: ReleaseState, event: CandidateReady, now: float) -> Decision:
    """No guard is WORSE (evidence is heard before any message): the old candidate is GOOD."""
    return _handed_over(state, event.release, now, _finish_for)


def while_paused(state: ReleaseState, event: CandidateReady, now: float) -> Decision:
    """A person's pause holds; a pause for want of evidence is like CANARY."""
    return _handed_over(state, event.release, now, _wait if state.paused_by else _withdraw_for)


def withdraw_candidate(state: ReleaseState, event: CandidateWithdrawn, now: float) -> Decision:
    """A stack rollback took the candidate back; a waiting one, or a restored one, likewise."""
    if any(r.release_digest == event.release_digest for r in state.waiting):
        return _drop_waiting(state, event.release_digest)
    candidate = state.candidate
    if candidate is not None and candidate.release_digest == event.release_digest:
        state = replace(state, handed_over=state.the_stable.release_digest)
        text = f"release {candidate.number} is withdrawn: the deploy that made it went back"
        return withdraw(state, now, text)
    return unchanged(state, "what was withdrawn is no candidate")


def withdraw_later(state: ReleaseState, event: CandidateWithdrawn, now: float) -> Decision:
    """Nothing moves while a person is asked to look; the message waits, unless it moves nothing."""
    candidate = state.candidate
    moves = candidate is not None and candidate.release_digest == event.release_digest
    if moves and (state.phase in (Phase.FROZEN, Phase.STOPPED) or state.paused_by is not None):
        return Decision(state, heard=False, note=f"waits: {state.phase}")
    return withdraw_candidate(state, event, now)


def withdraw_stable(state: ReleaseState, event: CandidateWithdrawn, now: float) -> Decision:
    """The deploy that had restored an older proven release went back."""
    older = [r for r in state.good if r.release_digest != event.release_digest]
    if state.the_stable.release_digest == event.release_digest and older:
        state = replace(state, handed_over=older[-1].release_digest)
        text = f"the deploy that restored release {state.the_stable.number} went back"
        return restore(state, older[-1], text, now)
    return withdraw_candidate(state, event, now)


def _handed_over(state: ReleaseState, release: Release, now: float, then: Then) -> Decision:
    if release.base in state.left:
        return _from_what_was_left(state, release)
    if release.release_digest == state.handed_over:
        return _policy_only(state, release)
    if release.requested_at < state.handed_over_at:
        return _came_late(state, release)
    known = next((r for r in state.releases if r.release_digest == release.release_digest), None)
    if known is not None:
        release = replace(release, number=known.number)
    proven = any(r.number == release.number for r in state.good)
    state = replace(
        state,
        handed_over=release.release_digest,
        handed_over_at=release.requested_at,
        releases=(*without(state.releases, release.number), release),
        outbox=_without_retiring(state.outbox, release.number),
    )
    if known is not None:
        state = _with_policy(state, release)
    if not proven and release.number not in _in_traffic(state):
        state = with_status(state, release.number, ReleaseStatus.REQUESTED)
    row = NewRecord(
        RecordKind.REQUESTED,
        release.number,
        f"release {release.number} was handed over",
        {
            "release_digest": release.release_digest,
            "model_digest": release.model_digest,
            "experiment_id": release.experiment_id,
        },
    )
    if entry := state.quarantined(release):
        return after((row,), refuse(state, release, entry))
    return after((row,), then(state, release, now))


def _without_retiring(outbox: tuple[Effect, ...], number: int) -> tuple[Effect, ...]:
    """What is wanted again is not deleted any more."""
    return tuple(
        Retire(tuple(n for n in e.releases if n != number)) if isinstance(e, Retire) else e
        for e in outbox
    )


def _in_traffic(state: ReleaseState) -> tuple[int, ...]:
    return tuple(r.number for r in (state.stable, state.candidate) if r is not None)


def _policy_only(state: ReleaseState, release: Release) -> Decision:
    known = next((r for r in state.releases if r.release_digest == release.release_digest), None)
    if known is None or known.policy == release.policy:
        return unchanged(state, "the same release with the same policy")
    newer = replace(known, policy=release.policy)
    text = f"release {known.number} has a new policy; its traffic does not change"
    row = NewRecord(RecordKind.POLICY, known.number, text, {"policy": release.policy.to_json()})
    return Decision(_with_policy(state, newer), (row,))


def _with_policy(state: ReleaseState, release: Release) -> ReleaseState:
    def renewed(old: Release) -> Release:
        return replace(old, policy=release.policy) if old.number == release.number else old

    return replace(
        state,
        stable=state.stable and renewed(state.stable),
        candidate=state.candidate and renewed(state.candidate),
        waiting=tuple(map(renewed, state.waiting)),
        good=tuple(map(renewed, state.good)),
        releases=tuple(map(renewed, state.releases)),
    )


def _from_what_was_left(state: ReleaseState, release: Release) -> Decision:
    """It went with its home; a deploy that began before is told."""
    if release.number in state.statuses:
        return unchanged(state, "its home was let go of")
    text = (
        f"release {release.number} is refused: it runs in a home that {state.model} has left; "
        "deploy the newest commit"
    )
    state = with_status(state, release.number, ReleaseStatus.REFUSED)
    return Decision(
        with_notice(state, f"{state.model}: release {release.number} refused", text),
        (NewRecord(RecordKind.REFUSED, release.number, text),),
    )


def _came_late(state: ReleaseState, release: Release) -> Decision:
    if state.release(release.number) is not None:
        return unchanged(state, "a newer hand-off was heard before this one")
    state = with_status(state, release.number, ReleaseStatus.SUPERSEDED)
    state = replace(
        state,
        releases=(release, *state.releases),
        outbox=_without_retiring(state.outbox, release.number),
    )
    return Decision(state, (_superseded(release, "a newer one was heard before it"),))


def _passed_over(state: ReleaseState, release: Release) -> ReleaseState:
    """It will not have its turn; a proven release stays proven."""
    if any(r.number == release.number for r in state.good):
        return state
    return with_status(state, release.number, ReleaseStatus.SUPERSEDED)


def _superseded(release: Release, why: str) -> NewRecord:
    text = f"release {release.number} is superseded: {why}"
    return NewRecord(RecordKind.SUPERSEDED, release.number, text)


def _wait(state: ReleaseState, release: Release, _now: float) -> Decision:
    """The newest waits; one that waited before it is superseded."""
    older = without(state.waiting, release.number)
    for old in older:
        state = _passed_over(state, old)
    tried_already = state.on_trial is not None and state.on_trial.number == release.number
    state = replace(state, waiting=() if tried_already else (release,))
    why = f"release {release.number} is newer"
    return Decision(state, tuple(_superseded(r, why) for r in older))


def _withdraw_for(state: ReleaseState, release: Release, now: float) -> Decision:
    waits = _wait(state, release, now)
    if not waits.state.waiting:
        return waits
    text = f"release {state.the_candidate.number} gives way to release {release.number}"
    return after(waits.records, withdraw(waits.state, now, text))


def _finish_for(state: ReleaseState, release: Release, now: float) -> Decision:
    waits = _wait(state, release, now)
    if not waits.state.waiting:
        return waits
    text = (
        f"release {state.the_candidate.number} was found worse by no guard; its holdback ends "
        f"now, since release {release.number} is here"
    )
    return after(waits.records, finish(waits.state, now, text, {"ended_early": True}))


def _drop_waiting(state: ReleaseState, release_digest: str) -> Decision:
    dropped = [r for r in state.waiting if r.release_digest == release_digest]
    left = state.on_trial or state.the_stable
    for release in dropped:
        state = _passed_over(state, release)
    waiting = tuple(r for r in state.waiting if r.release_digest != release_digest)
    state = replace(state, waiting=waiting, handed_over=left.release_digest)
    return Decision(state, tuple(_superseded(r, "its deploy went back") for r in dropped))
