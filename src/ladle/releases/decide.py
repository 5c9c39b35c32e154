"""A state and an event give the next state: every pair has an answer, none needs the world."""

from __future__ import annotations

from ladle.policy.statuses import Phase
from ladle.releases.asking import refused, signed
from ladle.releases.effects import Decision
from ladle.releases.events import Event, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.releases.transitions import BESIDE_INTENT, TABLE, Kind, kind_of


def decide(state: ReleaseState, event: Event, now: float) -> Decision:
    """The rule of the state's phase for this kind of event; see ``transitions`` for the laws."""
    kind = kind_of(event)
    if state.intent is not None and not _heard_beside_intent(state.phase, kind):
        return Decision(state, heard=False, note="waits until the alias reads as intended")
    row = TABLE[state.phase].get(kind)
    if isinstance(event, PersonAsked):
        why = f"that is not possible while {state.phase}"
        decision = row.rule(state, event, now) if row else refused(state, event, why)
        return signed(decision, event)
    if row is None:
        return Decision(state, note=f"{kind} means nothing while {state.phase}")
    return row.rule(state, event, now)


def _heard_beside_intent(phase: Phase, kind: Kind) -> bool:
    """A new candidate may queue behind a rollback that is under way."""
    return kind in BESIDE_INTENT or (phase, kind) == (Phase.ROLLING_BACK, Kind.HANDED_OVER)
