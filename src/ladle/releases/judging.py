"""Evidence, the native alarm or the clock ends a phase; a message never stands in for a reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle.catalog import OnInconclusive
from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.policy.verdicts import Evidence, GuardVerdict
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import EvidenceRead, NativeAlarmRang, TimePassed
from ladle.releases.holding import go_on, hold, is_held, is_storm, may_be_shared
from ladle.releases.moves import (
    begin,
    finish,
    hold_back,
    prove_first,
    unchanged,
    with_notice,
    with_status,
    withdraw,
)
from ladle.releases.outbox import Retire
from ladle.releases.promotion import lacking, minimum_lacking
from ladle.releases.rollback import Cause, degrade, roll_back, worse
from ladle.releases.state import Release, ReleaseState
from ladle.values import replace

NATIVE_ALARM_SAMPLES = 20
KEPT_GOOD = 5


def evidence_in_canary(state: ReleaseState, event: EvidenceRead, now: float) -> Decision:
    evidence, candidate = event.evidence, state.the_candidate
    if not _about_this_rollout(state, evidence):
        return unchanged(state, "evidence of another rollout")
    if evidence.worst is not None:
        return _found_worse(state, event, evidence.worst, now)
    lacks = lacking(candidate.policy, evidence, now - state.phase_since)
    if not lacks:
        text = (
            f"release {candidate.number} is promoted: {evidence.candidate_requests} requests, "
            f"{evidence.candidate_labels} labels, no guard says worse"
        )
        return hold_back(state, now, text, {"evidence": evidence.to_json()})
    return _when_time_is_up(state, now, lacks, {"evidence": evidence.to_json()})


def evidence_in_holdback(state: ReleaseState, event: EvidenceRead, now: float) -> Decision:
    if not _about_this_rollout(state, event.evidence):
        return unchanged(state, "evidence of another rollout")
    if event.evidence.worst is not None:
        return _found_worse(state, event, event.evidence.worst, now)
    return unchanged(state, "no guard says worse")


def _found_worse(
    state: ReleaseState, event: EvidenceRead, guard: GuardVerdict, now: float
) -> Decision:
    cause = worse(event.evidence, guard)
    if is_held(state, now):
        return unchanged(state, state.reason)
    if state.held_since is None and is_storm(event.others) and may_be_shared(guard):
        others = ", ".join(event.others)
        why = f"{others} rolled back within minutes too, which looks like one cause; {cause.text}"
        return hold(state, why, {**cause.data, "others": event.others}, now)
    return roll_back(state, cause, now)


def evidence_in_pause(state: ReleaseState, event: EvidenceRead, now: float) -> Decision:
    """Where evidence was wanting, more of it can still end the rollout; a person's pause holds."""
    if state.paused_by is not None:
        return unchanged(state, f"paused by {state.paused_by}")
    return evidence_in_holdback(state, event, now)


def evidence_in_baseline(state: ReleaseState, event: EvidenceRead, now: float) -> Decision:
    evidence, first = event.evidence, state.the_stable
    if evidence.candidate_release != first.number or evidence.since < state.evidence_since:
        return unchanged(state, "evidence of another release")
    if lacks := minimum_lacking(first.policy, evidence, now - state.phase_since):
        return unchanged(state, "; ".join(lacks))
    text = f"release {first.number} is proven by {evidence.candidate_requests} requests"
    return prove_first(state, now, text, {"evidence": evidence.to_json()})


def alarm_in_rollout(state: ReleaseState, event: NativeAlarmRang, now: float) -> Decision:
    if event.release != state.the_candidate.number or not _enough(event):
        return unchanged(state, "the alarm is not the candidate's, or saw too little")
    cause = _alarm_cause(event)
    if event.shared:
        why = f"{cause.text}, and so did those of release {state.the_stable.number}"
        return hold(state, why, cause.data, now)
    return roll_back(state, cause, now)


def alarm_in_pause(state: ReleaseState, event: NativeAlarmRang, now: float) -> Decision:
    if state.paused_by is not None or state.candidate is None:
        return unchanged(state, "paused")
    return alarm_in_rollout(state, event, now)


def alarm_in_baseline(state: ReleaseState, event: NativeAlarmRang, now: float) -> Decision:
    """There is nothing to go back to: page and keep serving."""
    if event.release != state.the_stable.number or not _enough(event):
        return unchanged(state, "the alarm is not the baseline's, or saw too little")
    return degrade(state, _alarm_cause(event).text, now)


def time_in_canary(state: ReleaseState, _event: TimePassed, now: float) -> Decision:
    if state.waiting:
        text = f"release {state.the_candidate.number} gives way to {state.waiting[-1].number}"
        return withdraw(state, now, text)
    return _when_time_is_up(state, now, ("no evidence has been read",), {"evidence": None})


def time_in_pause(state: ReleaseState, event: TimePassed, now: float) -> Decision:
    if state.waiting and state.paused_by is None:
        return time_in_canary(state, event, now)
    if state.held_since is not None and state.paused_by is None and not is_held(state, now):
        return go_on(state)
    return unchanged(state, state.reason)


def time_in_holdback(state: ReleaseState, _event: TimePassed, now: float) -> Decision:
    candidate = state.the_candidate
    over = now - state.phase_since >= candidate.policy.holdback_s
    if not over and not state.waiting:
        return unchanged(state, "the holdback is not over")
    why = "its holdback is over" if over else f"release {state.waiting[-1].number} is waiting"
    text = f"release {candidate.number} was found worse by no guard, and {why}"
    return finish(state, now, text, {"ended_early": not over})


def time_in_stable(state: ReleaseState, _event: TimePassed, now: float) -> Decision:
    if state.waiting and state.blocked is not None:
        return unchanged(state, state.blocked)
    if state.waiting:
        return begin(state, state.waiting[-1], now)
    return _retire(state)


def time_in_degraded(state: ReleaseState, _event: TimePassed, now: float) -> Decision:
    if state.waiting:
        return begin(state, state.waiting[-1], now)
    return unchanged(state, state.reason)


def _about_this_rollout(state: ReleaseState, evidence: Evidence) -> bool:
    return (
        state.candidate is not None
        and state.stable is not None
        and evidence.candidate_release == state.candidate.number
        and evidence.stable_release == state.stable.number
        and evidence.since >= state.evidence_since
    )


def _enough(event: NativeAlarmRang) -> bool:
    return event.samples >= NATIVE_ALARM_SAMPLES


def _alarm_cause(event: NativeAlarmRang) -> Cause:
    return Cause(
        text=f"at least half of {event.samples} invocations of release {event.release} failed "
        "within a minute, by Lambda's own count",
        data={"guard": "native_alarm", "samples": event.samples},
        scope=QuarantineScope.RELEASE,
    )


def _when_time_is_up(
    state: ReleaseState, now: float, lacks: tuple[str, ...], data: Mapping[str, Any]
) -> Decision:
    candidate = state.the_candidate
    why = "; ".join(lacks)
    if now - state.phase_since < candidate.policy.max_s:
        return unchanged(state, why)
    text = f"{candidate.policy.max_s:.0f} s are over and the evidence does not suffice: {why}"
    if candidate.policy.on_inconclusive is OnInconclusive.PROMOTE:
        return hold_back(state, now, f"{text}; promoted, as its config says", data)
    if candidate.policy.on_inconclusive is OnInconclusive.ROLLBACK:
        return roll_back(state, Cause(f"{text}; its config says rollback", data), now)
    state = replace(
        state, phase=Phase.PAUSED, paused_from=Phase.CANARY, paused_by=None, reason=text
    )
    state = with_notice(state, f"{state.model}: release {candidate.number} is inconclusive", text)
    return Decision(state, (NewRecord(RecordKind.PAUSED, candidate.number, text, data),))


def _retire(state: ReleaseState) -> Decision:
    """Keeps what serves or may serve: stable, the newest hand-off, the last five of ``good``, what may
    be written yet; and one of each home, so that the door is watched until the move is finished. What
    ran where a moving model does not serve from goes with that home: shares there may name it.
    """
    good = state.good[-KEPT_GOOD:]
    stable = state.the_stable
    newest = max(state.releases, key=lambda r: r.requested_at, default=stable)
    of_each_home = {r.home: r for r in sorted(state.releases, key=lambda r: r.number)}.values()
    kept = {r.number for r in (*good, stable, newest, *of_each_home)}
    kept.update(*(traffic.weights for traffic in state.overtaken))
    gone = tuple(r for r in state.releases if r.number not in kept)
    if not gone:
        return unchanged(state, "nothing to do")
    for release in gone:
        state = with_status(state, release.number, ReleaseStatus.RETIRED)
    here = tuple(r.number for r in gone if r.home == stable.home)
    state = replace(
        state,
        good=good,
        releases=tuple(r for r in state.releases if r.number in kept),
        outbox=(*state.outbox, Retire(here)) if here else state.outbox,
    )
    rows = tuple(
        NewRecord(
            RecordKind.RETIRED, r.number, f"release {r.number} is retired: {_ending(r, here)}"
        )
        for r in gone
    )
    return Decision(state, rows)


def _ending(release: Release, deleted: tuple[int, ...]) -> str:
    return "its version is deleted" if release.number in deleted else "it goes with its home"
