"""History read as trials: a release gets traffic beside another, and that ends in one way or goes on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ladle.policy.verdicts import Evidence
from ladle.releases.effects import Record, RecordKind
from ladle.releases.intent import IntentKind

ENDS = (RecordKind.GOOD, RecordKind.ROLLED_BACK, RecordKind.SUPERSEDED, RecordKind.HELD)
_STARTS = (IntentKind.START_CANARY, IntentKind.HOLD_BACK, IntentKind.BASELINE)


@dataclass(frozen=True, slots=True)
class Trial:
    """``against`` is the release that served beside it; None for a first release."""

    release: int
    started: Record
    against: int | None = None
    ended: Record | None = None

    def covers(self, at: float) -> bool:
        return self.started.at <= at and (self.ended is None or at < self.ended.at)


def trials(records: Iterable[Record]) -> tuple[Trial, ...]:
    """Every trial of a history, oldest first. A promotion to holdback goes on with its trial."""
    found: list[Trial] = []
    for row in records:
        if begun := _begun(row):
            running = found and found[-1].release == begun.release and found[-1].ended is None
            if not running:
                found.append(begun)
        elif row.kind in ENDS:
            found = [
                replace(t, ended=row) if t.release == row.release and t.ended is None else t
                for t in found
            ]
    return tuple(found)


def newest(found: Sequence[Trial], release: int) -> Trial | None:
    return next((t for t in reversed(found) if t.release == release), None)


def shares(row: Record) -> Mapping[int, float] | None:
    """The weights that a row of history says the alias gets, or got."""
    alias = row.data.get("alias")
    return {int(n): float(w) for n, w in alias["weights"].items()} if alias else None


def evidence_in(row: Record | None) -> Evidence | None:
    """The numbers that a row was written with."""
    data = row.data.get("evidence") if row else None
    return Evidence.from_json(data) if data else None


def _begun(row: Record) -> Trial | None:
    if row.kind is not RecordKind.INTENT or row.data.get("kind") not in _STARTS:
        return None
    weights = shares(row) or {}
    main = int(row.data["alias"]["version"])
    others = [n for n in weights if n != main]
    beside = others[0] if others else None
    if row.data["kind"] == IntentKind.START_CANARY and beside is not None:
        return Trial(beside, row, against=main)
    return Trial(main, row, against=beside)
