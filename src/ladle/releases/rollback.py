"""A rollback goes to the newest proven release that may serve, never to the one before by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence, GuardVerdict
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.intent import Intent, IntentKind
from ladle.releases.moves import after, give_up, intend, with_notice, with_status, without
from ladle.releases.state import Quarantined, Release, ReleaseState
from ladle.values import replace

# What a guard's verdict forbids from now on. A native alarm counts as failures.
QUARANTINE_SCOPES: dict[GuardName, QuarantineScope] = {
    GuardName.ACCURACY: QuarantineScope.MODEL,
    GuardName.ERROR: QuarantineScope.MODEL,
    GuardName.FAILURES: QuarantineScope.RELEASE,
    GuardName.LATENCY: QuarantineScope.RELEASE,
}
BRAKE_ROLLBACKS = 2
BRAKE_WINDOW_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a release loses its traffic. ``automatic`` rollbacks count for the brake on flapping."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    scope: QuarantineScope | None = None
    log_e: float | None = None
    evidence: Evidence | None = None
    automatic: bool = True


def worse(evidence: Evidence, guard: GuardVerdict) -> Cause:
    """The cause that a guard's verdict WORSE gives, with its numbers in words."""
    candidate, stable = guard.candidate, guard.stable
    text = (
        f"{guard.guard} of release {evidence.candidate_release} are worse"
        if guard.guard is GuardName.FAILURES
        else f"{guard.guard} of release {evidence.candidate_release} is worse"
    )
    numbers = (
        f"{_rate(candidate.rate)} of {candidate.exposed:.0f} against {_rate(stable.rate)} of "
        f"{stable.exposed:.0f} on release {evidence.stable_release}, "
        f"log e {guard.log_e:.2f} of {evidence.log_e_limit:.2f}"
    )
    return Cause(
        text=f"{text}: {numbers}",
        data={"guard": str(guard.guard), "evidence": evidence.to_json()},
        scope=QUARANTINE_SCOPES[guard.guard],
        log_e=guard.log_e,
        evidence=evidence,
    )


def _rate(rate: float | None) -> str:
    return "none" if rate is None else f"{100 * rate:.3g} %"


def roll_back(state: ReleaseState, cause: Cause, now: float, to: Release | None = None) -> Decision:
    """Takes the candidate, or without one the stable release, out of traffic."""
    leaving = state.candidate or state.the_stable
    state = replace(
        state,
        candidate=None,
        good=without(state.good, leaving.number),
        paused_from=None,
        paused_by=None,
    )
    state = with_status(state, leaving.number, ReleaseStatus.ROLLED_BACK)
    rows: tuple[NewRecord, ...] = ()
    if cause.scope is not None:
        state, row = _quarantine(state, leaving, cause, cause.scope, now)
        rows = (row,)
    if cause.automatic:
        state = replace(state, rollback_times=(*state.rollback_times, now))
    target = to or newest_proven(state)
    out = NewRecord(
        RecordKind.ROLLED_BACK,
        leaving.number,
        f"release {leaving.number} is taken out of traffic: {cause.text}",
        {**cause.data, "to": target and target.number, "log_e": cause.log_e},
    )
    return after((out, *rows), _aim(state, leaving.number, target, cause, now))


def aim_again(state: ReleaseState, intent: Intent, unfit: int, why: str, now: float) -> Decision:
    """The target of a rollback cannot start: it is proven no more, and the next one is taken."""
    state = give_up(replace(state, good=without(state.good, unfit)))
    text = f"release {unfit} cannot serve ({why})"
    cause = Cause(f"{intent.reason}; {text}", evidence=intent.evidence)
    return _aim(state, unfit, newest_proven(state), cause, now)


def newest_proven(state: ReleaseState) -> Release | None:
    """The last of ``good`` that no quarantine names."""
    return next((r for r in reversed(state.good) if not state.quarantined(r)), None)


def _aim(
    state: ReleaseState, leaving: int, target: Release | None, cause: Cause, now: float
) -> Decision:
    if target is None:
        return degrade(state, cause.text, now)
    state = with_status(state, target.number, ReleaseStatus.GOOD)
    state = replace(
        state,
        phase=Phase.ROLLING_BACK,
        stable=target,
        good=(*without(state.good, target.number), target),
        reason=cause.text,
    )
    traffic = Traffic(target.number)
    state, row = intend(state, IntentKind.ROLL_BACK, traffic, cause.text, now, cause.evidence)
    subject = f"{state.model}: rolled back from release {leaving} to {target.number}"
    return Decision(with_notice(state, subject, cause.text), (row,))


def degrade(state: ReleaseState, why: str, now: float) -> Decision:
    """No proven release is left: page, keep serving, let the next candidate take over.

    An alias that somebody else wrote stays FROZEN: what it serves is not ours to call our own.
    """
    serving = state.traffic and state.release(state.traffic.main)
    text = f"no proven release is left to go to, traffic stays as it is: {why}"
    frozen = state.foreign is not None
    state = replace(
        state,
        phase=Phase.FROZEN if frozen else Phase.DEGRADED,
        paused_from=Phase.DEGRADED if frozen else None,
        phase_since=now,
        stable=serving or state.stable,
        candidate=None,
        intent=None,
        reason=text,
    )
    number = state.stable.number if state.stable else None
    return Decision(
        with_notice(state, f"{state.model}: {state.phase}", text),
        (NewRecord(RecordKind.DEGRADED, number, text),),
    )


def brake(state: ReleaseState, now: float) -> bool:
    """Whether so many automatic rollbacks came so close together that a person must look."""
    recent = [at for at in state.rollback_times if now - at <= BRAKE_WINDOW_S]
    return len(recent) >= BRAKE_ROLLBACKS


def _quarantine(
    state: ReleaseState, leaving: Release, cause: Cause, scope: QuarantineScope, now: float
) -> tuple[ReleaseState, NewRecord]:
    # A proven release of the same model shows that the model itself is not at fault.
    if any(r.model_digest == leaving.model_digest for r in state.good):
        scope = QuarantineScope.RELEASE
    digest = {
        QuarantineScope.MODEL: leaving.model_digest,
        QuarantineScope.RELEASE: leaving.release_digest,
    }[scope]
    entry = Quarantined(scope, digest, leaving.number, now, cause.text, cause.log_e)
    kept = tuple(q for q in state.quarantine if (q.scope, q.digest) != (scope, digest))
    row = NewRecord(
        RecordKind.QUARANTINED,
        leaving.number,
        f"{scope.of(leaving.number)} may not serve again until somebody lifts it",
        {"scope": str(scope), "digest": digest, "log_e": cause.log_e},
    )
    return replace(state, quarantine=(*kept, entry)), row
