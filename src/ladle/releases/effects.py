"""What a decision wants done in the world. Values; ``actions.advance_release`` carries them out."""

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
    FROZEN = "frozen"
    DEGRADED = "degraded"
    POLICY = "policy"
    RETIRED = "retired"


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
class Retire:
    """Versions that nothing may return to any more: delete them with what they alone use."""

    releases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the people named in ``notify``."""

    subject: str
    text: str


Effect = Retire | Notify


@dataclass(frozen=True, slots=True)
class Decision:
    """The next state, the rows that explain it, and what else to do.

    A write of the alias is no effect: it stands in ``state.intent``, so that a crash between the
    ledger and the alias is finished by the next run.
    """

    state: ReleaseState
    records: tuple[NewRecord, ...] = ()
    effects: tuple[Effect, ...] = ()
