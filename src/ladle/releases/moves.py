"""Every move of traffic is decided in one of these functions: its intent, its statuses, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle.catalog import Strategy
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic, as_alias
from ladle.policy.verdicts import Evidence
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.intent import Intent, IntentKind
from ladle.releases.outbox import Notify
from ladle.releases.state import Quarantined, Release, ReleaseState
from ladle.values import replace


def unchanged(state: ReleaseState, note: str) -> Decision:
    return Decision(state, note=note)


def after(records: tuple[NewRecord, ...], decision: Decision) -> Decision:
    """``decision`` with rows that belong before its own."""
    return replace(decision, records=records + decision.records)


def with_status(state: ReleaseState, number: int, status: ReleaseStatus) -> ReleaseState:
    if state.statuses.get(number) is status:
        return state
    return replace(state, statuses={**state.statuses, number: status})


def with_notice(state: ReleaseState, subject: str, text: str) -> ReleaseState:
    return replace(state, outbox=(*state.outbox, Notify(subject, text)))


def without(releases: tuple[Release, ...], number: int) -> tuple[Release, ...]:
    return tuple(r for r in releases if r.number != number)


def intend(
    state: ReleaseState,
    kind: IntentKind,
    traffic: Traffic,
    reason: str,
    now: float,
    evidence: Evidence | None = None,
) -> tuple[ReleaseState, NewRecord]:
    """``state`` with the alias's next content written down, and the row that says so."""
    intent = Intent(f"{state.generation}-{kind}", kind, traffic, reason, now, evidence)
    row = NewRecord(
        RecordKind.INTENT,
        traffic.main,
        f"the alias shall read {traffic}: {reason}",
        {"intent": intent.id, "kind": str(kind), "alias": as_alias(traffic)},
    )
    state = replace(state, intent=intent, phase_since=now, held_since=None, incident=None)
    return state, row


def give_up(state: ReleaseState) -> ReleaseState:
    """The open intent is written no more, but by a controller that sleeps just before its write: until
    the alias has another revision, each such write is known as ours.
    """
    if state.intent is None:
        return state
    older = tuple(t for t in state.overtaken if t != state.intent.traffic)
    return replace(state, intent=None, overtaken=(*older, state.intent.traffic))


def begin(state: ReleaseState, release: Release, now: float) -> Decision:
    """The first step of a release whose turn it is; asked in EMPTY, STABLE and DEGRADED."""
    state = replace(state, waiting=without(state.waiting, release.number))
    if entry := state.quarantined(release):
        return refuse(state, release, entry)
    if state.phase is not Phase.STABLE or state.stable is None:
        return _baseline(state, release, now)
    if release.number == state.stable.number:
        return _serves_already(state, release)
    if any(r.release_digest == release.release_digest for r in state.good):
        return restore(state, release, f"release {release.number} is proven", now)
    return _try_out(state, release, state.stable, now)


def _serves_already(state: ReleaseState, release: Release) -> Decision:
    """Its row is what makes the controller keep that nobody waits any more."""
    state = with_status(state, release.number, ReleaseStatus.GOOD)
    text = f"release {release.number} serves already"
    row = NewRecord(RecordKind.OUTCOME, release.number, text, {"alias": as_alias(state.traffic)})
    return Decision(state, (row,))


def _baseline(state: ReleaseState, release: Release, now: float) -> Decision:
    text = f"release {release.number} takes all traffic: there is no proven release"
    if state.stable is not None and state.stable.number != release.number:
        state = with_status(state, state.stable.number, ReleaseStatus.SUPERSEDED)
    state = with_status(state, release.number, ReleaseStatus.BASELINE)
    state = replace(state, phase=Phase.BASELINE, stable=release, candidate=None, reason="")
    state, row = intend(state, IntentKind.BASELINE, Traffic(release.number), text, now)
    return Decision(state, (row,))


def _try_out(state: ReleaseState, release: Release, stable: Release, now: float) -> Decision:
    state = replace(state, candidate=release, reason="")
    policy = release.policy
    moves = release.home != stable.home
    if moves or policy.strategy is Strategy.ALL_AT_ONCE:
        state = with_status(
            replace(state, phase=Phase.HOLDBACK), release.number, ReleaseStatus.HOLDBACK
        )
        traffic = _holdback_traffic(release, stable, policy)
        why = f"as it moves the model {_way(stable, release)}" if moves else "as its config says"
        text = f"release {release.number} goes live at once, {why}"
        state, row = intend(state, IntentKind.GO_LIVE, traffic, text, now)
        return Decision(state, (row,))
    state = with_status(replace(state, phase=Phase.CANARY), release.number, ReleaseStatus.CANARY)
    traffic = Traffic(stable.number, release.number, policy.canary_percent / 100)
    text = f"release {release.number} is tried on {policy.canary_percent:g} % of requests"
    state, row = intend(state, IntentKind.START_CANARY, traffic, text, now)
    return Decision(state, (row,))


def _holdback_traffic(candidate: Release, stable: Release, policy: RolloutPolicy) -> Traffic:
    if policy.holdback_percent <= 0 or candidate.home != stable.home:
        return Traffic(candidate.number)
    return Traffic(candidate.number, stable.number, policy.holdback_percent / 100)


def _way(stable: Release, candidate: Release) -> str:
    """From where to where, with how each is packed where that is known."""
    left, new = (
        f"{release.target} ({release.packaging})" if release.packaging else str(release.target)
        for release in (stable, candidate)
    )
    return f"from {left} to {new}; all of it goes with nothing held back"


def refuse(state: ReleaseState, release: Release, entry: Quarantined) -> Decision:
    """A quarantined candidate keeps weight 0; the deploy around it goes on."""
    text = (
        f"release {release.number} is refused: its {entry.scope} is quarantined ({entry.because})"
    )
    state = with_status(state, release.number, ReleaseStatus.REFUSED)
    data = {"scope": str(entry.scope), "digest": entry.digest, "quarantined_at": entry.at}
    return Decision(
        with_notice(state, f"{state.model}: release {release.number} refused", text),
        (NewRecord(RecordKind.REFUSED, release.number, text, data),),
    )


def restore(state: ReleaseState, release: Release, reason: str, now: float) -> Decision:
    """A proven release takes all traffic back without a canary."""
    state = with_status(state, release.number, ReleaseStatus.GOOD)
    state = replace(
        state,
        phase=Phase.STABLE,
        stable=release,
        candidate=None,
        good=(*without(state.good, release.number), release),
        reason="",
    )
    state, row = intend(state, IntentKind.RESTORE, Traffic(release.number), reason, now)
    return Decision(state, (row,))


def hold_back(state: ReleaseState, now: float, reason: str, data: Mapping[str, Any]) -> Decision:
    """CANARY → HOLDBACK: the candidate becomes main, the old stable keeps a small share."""
    candidate, stable = state.the_candidate, state.the_stable
    state = with_status(state, candidate.number, ReleaseStatus.HOLDBACK)
    state = replace(state, phase=Phase.HOLDBACK, paused_from=None, paused_by=None, reason="")
    traffic = _holdback_traffic(candidate, stable, candidate.policy)
    state, row = intend(state, IntentKind.HOLD_BACK, traffic, reason, now)
    return Decision(state, (NewRecord(RecordKind.PROMOTED, candidate.number, reason, data), row))


def finish(state: ReleaseState, now: float, reason: str, data: Mapping[str, Any]) -> Decision:
    """HOLDBACK → STABLE: the candidate is proven and serves alone."""
    candidate = state.the_candidate
    state = with_status(state, candidate.number, ReleaseStatus.GOOD)
    state = replace(
        state,
        phase=Phase.STABLE,
        stable=candidate,
        candidate=None,
        good=(*without(state.good, candidate.number), candidate),
        paused_from=None,
        paused_by=None,
        reason="",
    )
    state, row = intend(state, IntentKind.FINISH, Traffic(candidate.number), reason, now)
    return Decision(state, (NewRecord(RecordKind.GOOD, candidate.number, reason, data), row))


def prove_first(state: ReleaseState, now: float, reason: str, data: Mapping[str, Any]) -> Decision:
    """BASELINE → STABLE: the first release is one that a rollback may go to; no traffic moves."""
    first = state.the_stable
    state = with_status(state, first.number, ReleaseStatus.GOOD)
    state = replace(
        state,
        phase=Phase.STABLE,
        phase_since=now,
        good=(*without(state.good, first.number), first),
        paused_from=None,
        paused_by=None,
        reason="",
    )
    return Decision(state, (NewRecord(RecordKind.GOOD, first.number, reason, data),))


def withdraw(state: ReleaseState, now: float, reason: str) -> Decision:
    """The candidate of a CANARY or HOLDBACK loses its traffic without being found worse."""
    candidate, stable = state.the_candidate, state.the_stable
    state = with_status(state, candidate.number, ReleaseStatus.SUPERSEDED)
    state = replace(
        state, phase=Phase.STABLE, candidate=None, paused_from=None, paused_by=None, reason=""
    )
    state, row = intend(state, IntentKind.WITHDRAW, Traffic(stable.number), reason, now)
    return Decision(state, (NewRecord(RecordKind.SUPERSEDED, candidate.number, reason), row))
