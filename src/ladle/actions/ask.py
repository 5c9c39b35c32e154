"""What a person wants goes into the inbox; the controller alone acts, and the history keeps who asked."""

from __future__ import annotations

from collections.abc import Sequence

from ladle.digest import of_json
from ladle.ports import Clock, ReleaseInbox, ReleaseLedger
from ladle.releases.effects import Record
from ladle.releases.events import PersonAsked

POLL_S = 0.5


def ask(model: str, message: PersonAsked, inbox: ReleaseInbox, clock: Clock) -> str:
    """Posts the message; its id comes from its content and time, so that a retry is no second ask."""
    at = clock.now()
    at_ms = round(at * 1000)
    said = [model, at_ms, str(message.ask), message.by, message.reason]
    wanted = [message.to, message.digest]
    message_id = f"{at_ms:015d}-{message.ask}-{of_json([*said, *wanted]).short}"
    inbox.post(model, message_id, message, at)
    return message_id


def is_heard(model: str, message_id: str, inbox: ReleaseInbox) -> bool:
    return all(delivered.id != message_id for delivered in inbox.pending(model))


def answers(
    model: str, message: PersonAsked, since: float, ledger: ReleaseLedger
) -> Sequence[Record]:
    """The rows that came since; the first that carries this ask is the answer."""
    rows = ledger.records(model, since)
    for index, row in enumerate(rows):
        if row.data.get("ask") == str(message.ask) and row.data.get("by") == message.by:
            return rows[index:]
    return ()
