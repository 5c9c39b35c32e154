"""What later labels say of a quarantined release is told once and kept beside the reason; only a person lifts."""

from __future__ import annotations

from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import QuarantineDoubted
from ladle.releases.moves import unchanged, with_notice
from ladle.releases.state import ReleaseState
from ladle.values import replace


def quarantine_doubted(state: ReleaseState, event: QuarantineDoubted, _now: float) -> Decision:
    entry = next((q for q in state.quarantine if q.digest == event.digest), None)
    if entry is None or entry.doubt is not None:
        return unchanged(state, "nothing new is said of what is quarantined")
    text = (
        f"{event.text}; it stays out of traffic until somebody lifts its quarantine: "
        f"ladle quarantine lift {entry.digest} --reason …"
    )
    doubted = replace(entry, doubt=event.text)
    state = replace(state, quarantine=tuple(doubted if q == entry else q for q in state.quarantine))
    subject = f"{state.model}: later labels clear release {entry.release}"
    return Decision(
        with_notice(state, subject, text),
        (NewRecord(RecordKind.DOUBTED, entry.release, text, event.data),),
    )
