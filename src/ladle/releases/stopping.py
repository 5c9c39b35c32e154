"""A model that costs more than it may stops only where somebody signed for it, and never unannounced.

While it is stopped nothing of it is tried, judged or taken back: whoever is turned away then says
nothing about a release.
"""

from __future__ import annotations

from collections.abc import Collection

from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun, StopNotice, StopPolicy
from ladle.releases.asking import because, refused
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import CostRead, PersonAsked, SwitchRead
from ladle.releases.moves import unchanged, with_notice
from ladle.releases.outbox import Effect, Switch
from ladle.releases.state import ReleaseState, Stopped
from ladle.values import replace

# A controller lives for minutes: what it does by an old decision, it does within this time of it.
OURS_S = 3600.0
SHOWN_AFTER_S = 60.0  # until then AWS may show what was before


def stop_policy(state: ReleaseState) -> StopPolicy | None:
    """That of the newest hand-off; None where nobody signed."""
    newest = max(state.releases, key=lambda r: r.requested_at, default=None)
    return newest.policy.stop if newest else None


def cost_read(state: ReleaseState, event: CostRead, now: float) -> Decision:
    notice, overrun = state.stop_notice, event.overrun
    policy = None if overrun is None else stop_policy(state)
    if policy is None or overrun is None or overrun.key == state.stop_waived:
        return unchanged(state, "no ceiling is passed") if notice is None else _called_off(state)
    if notice is None or notice.overrun.key != overrun.key:
        return _announce(state, overrun, policy, now)
    if now < notice.due_at:
        return unchanged(state, "people were told, and may still say no")
    return _stop(state, notice, policy, now)


def resume(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """It serves again where it stood, whatever it costs until the next occasion."""
    stopped = state.stopped
    if stopped is None:
        return refused(state, event, "nothing is stopped")
    text = f"{event.by} started the model again{because(event)}"
    alone = stopped.phase is Phase.STABLE  # which no clock ends
    state = replace(
        _waived(state),
        phase=stopped.phase,
        phase_since=stopped.phase_since + (0.0 if alone else now - state.phase_since),
        stopped=None,
        reason=stopped.reason,
    )
    state = _switched(state, now, on=True)
    return Decision(state, (NewRecord(RecordKind.RESUMED, None, text),))


def keep_on(state: ReleaseState, event: PersonAsked, now: float) -> Decision:
    """A person who resumes what still serves says no to the stop that was announced, and to one that
    somebody else made.
    """
    if state.stop_notice is None and not state.switched_elsewhere:
        return refused(state, event, f"that is not possible while {state.phase}")
    if state.switched_elsewhere:
        state = _switched(state, now, on=True)
    text = f"{event.by} keeps the model on{because(event)}"
    return Decision(_waived(state), (NewRecord(RecordKind.RESUMED, None, text),))


def carried_out(state: ReleaseState, effects: Collection[Effect], now: float) -> ReleaseState:
    """Also long after the decision: until then AWS may have refused it."""
    taken = any(isinstance(effect, Switch) for effect in effects)
    return replace(state, switch_taken_at=now) if taken else state


def switch_read(state: ReleaseState, event: SwitchRead, now: float) -> Decision:
    """A switch has no revision, so a controller that slept may undo one, and is put right. Long after
    the last decision only somebody else can have done it, for what that decision undid was read by no
    controller that still lives: people are told, and it stays so.
    """
    if event.as_told:
        if not state.switched_elsewhere:
            return unchanged(state, "it is switched as the ledger says")
        state = replace(state, switched_elsewhere=False)
        return _odd(state, f"{state.model} is switched as the ledger says again")
    on = state.phase is not Phase.STOPPED
    found = f"{state.model} is switched {'off' if on else 'on'} while the ledger says {state.phase}"
    shown = now - max(state.switched_at, state.switch_taken_at) >= SHOWN_AFTER_S
    if not shown or any(isinstance(effect, Switch) for effect in state.outbox):
        return unchanged(state, "it is being switched")
    if now - state.switched_at <= OURS_S:
        state = replace(state, outbox=_switching(state, on=on))
        return _odd(state, f"{found}: it is switched {'on' if on else 'off'}")
    if state.switched_elsewhere:
        return unchanged(state, "it is as somebody else left it")
    text = f"{found}: somebody else did that, and it stays so until ladle resume {state.model}"
    return _odd(replace(state, switched_elsewhere=True), text)


def _odd(state: ReleaseState, text: str) -> Decision:
    state = with_notice(state, f"{state.model}: what serves was switched", text)
    return Decision(state, (NewRecord(RecordKind.INCIDENT, None, text),))


def _announce(state: ReleaseState, overrun: Overrun, policy: StopPolicy, now: float) -> Decision:
    text = (
        f"{overrun.text}; the model stops in {policy.grace_s / 3600:g} h, as {policy.signed_by} "
        f"signed for: ladle resume {state.model} keeps it on"
    )
    notice = StopNotice(overrun, now + policy.grace_s)
    state = with_notice(replace(state, stop_notice=notice), f"{state.model} will stop", text)
    row = NewRecord(RecordKind.STOP_NOTICE, None, text, {"due_at": notice.due_at})
    return Decision(state, (row,))


def _called_off(state: ReleaseState) -> Decision:
    text = "the stop that was announced is called off: no ceiling is passed any more"
    state = with_notice(replace(state, stop_notice=None), f"{state.model} goes on", text)
    return Decision(state, (NewRecord(RecordKind.STOP_NOTICE, None, text),))


def _stop(state: ReleaseState, notice: StopNotice, policy: StopPolicy, now: float) -> Decision:
    text = (
        f"{notice.overrun.text}, and {policy.signed_by} signed for it: the model is stopped, nothing "
        f"is deleted; ladle resume {state.model} starts it again"
    )
    state = replace(
        with_notice(state, f"{state.model} is stopped", text),
        phase=Phase.STOPPED,
        phase_since=now,
        stopped=Stopped(state.phase, state.phase_since, state.reason),
        reason=text,
    )
    state = _switched(state, now, on=False)
    data = {"signed_by": policy.signed_by, "ceiling": notice.overrun.key}
    return Decision(state, (NewRecord(RecordKind.STOPPED, None, text, data),))


def _waived(state: ReleaseState) -> ReleaseState:
    waived = state.stop_notice.overrun.key if state.stop_notice else state.stop_waived
    return replace(state, stop_notice=None, stop_waived=waived)


def _switched(state: ReleaseState, now: float, *, on: bool) -> ReleaseState:
    outbox = _switching(state, on=on)
    return replace(state, outbox=outbox, switched_at=now, switched_elsewhere=False)


def _switching(state: ReleaseState, *, on: bool) -> tuple[Effect, ...]:
    """The last word counts: an older one that was not carried out yet is dropped."""
    return (*(e for e in state.outbox if not isinstance(e, Switch)), Switch(on))
