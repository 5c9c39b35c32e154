"""A proven release that becomes worse opens an incident; it goes only if it is itself to blame."""

from __future__ import annotations

from ladle.policy.statuses import QuarantineScope
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import LateRegression
from ladle.releases.moves import after, unchanged, with_notice, without
from ladle.releases.rollback import Cause, newest_proven, roll_back
from ladle.releases.state import ReleaseState
from ladle.values import replace


def late_regression(state: ReleaseState, event: LateRegression, now: float) -> Decision:
    stable = state.the_stable
    if event.release != stable.number:
        return unchanged(state, "another release serves now")
    if state.incident is not None:
        return unchanged(state, state.incident)
    why_not = _why_it_stays(state, event)
    text = f"{event.text}; {why_not or f'release {stable.number} is to blame'}"
    row = NewRecord(RecordKind.INCIDENT, stable.number, text, event.data)
    state = with_notice(replace(state, incident=text), f"{state.model}: incident", text)
    if why_not is not None:
        return Decision(state, (row,))
    log_e = event.data.get("log_e")
    cause = Cause(event.text, event.data, QuarantineScope.MODEL, log_e)
    return after((row,), roll_back(state, cause, now))


def _why_it_stays(state: ReleaseState, event: LateRegression) -> str | None:
    stable = state.the_stable
    others = replace(state, good=without(state.good, stable.number))
    if event.to_blame is None:
        return "no release is to blame, so traffic stays; ladle why says more"
    if event.to_blame != stable.number:
        return f"release {event.to_blame} began it, which serves no more; traffic stays"
    if not event.contract_kept:
        return "more requests are rejected than before, so the data changed; traffic stays"
    if newest_proven(others) is None:
        return "no other release is proven; traffic stays"
    return None
