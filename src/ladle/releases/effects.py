"""What a decision is: the next state with the rows of history that explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ladle.releases.state import ReleaseState


class RecordKind(StrEnum):
    """Kinds of rows in the append-only history of a model."""

    REQUESTED = "requested"
    REFUSED = "refused"
    INTENT = "intent"
    OUTCOME = "outcome"
    PROMOTED = "promoted"
    GOOD = "good"
    ROLLED_BACK = "rolled_back"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    LIFTED = "lifted"
    PAUSED = "paused"
    RESUMED = "resumed"
    HELD = "held"
    INCIDENT = "incident"
    DOUBTED = "doubted"
    FROZEN = "frozen"
    DEGRADED = "degraded"
    POLICY = "policy"
    RETIRED = "retired"
    REMOVED = "removed"
    LEFT = "left"
    STOP_NOTICE = "stop_notice"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A row to append; ``text`` is a sentence for a person, ``data`` its numbers."""

    kind: RecordKind
    release: int | None
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A row as the ledger holds it; ``id`` is ``<model>/<sequence>`` and is what ``why`` cites."""

    id: str
    at: float
    kind: RecordKind
    release: int | None
    text: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state, the rows that explain it, and whether the event was taken in.

    What is to be done in the world stands in the state: a write of the alias in ``state.intent``,
    all else in ``state.outbox``; a crash after the ledger was written is finished by the next run.
    ``heard`` is False while the event must wait (its message stays in the inbox); ``note`` says
    why nothing changed.
    """

    state: ReleaseState
    records: tuple[NewRecord, ...] = ()
    heard: bool = True
    note: str = ""
