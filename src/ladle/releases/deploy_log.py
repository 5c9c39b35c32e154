"""What served, and from when: a row for each change of an alias, chained by hash, never rewritten.

A row is written with the ledger's state when the alias was read, not when it was wished: a write that
failed leaves none, somebody else's does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ladle import digest
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.state import LogHead, ReleaseState
from ladle.values import replace

# Rows that say how the alias reads.
_READ = (RecordKind.OUTCOME, RecordKind.FROZEN, RecordKind.REMOVED)


@dataclass(frozen=True, slots=True)
class ServedRelease:
    """``share`` of requests; the digests are None for a version that Ladle does not keep."""

    number: int
    share: float
    release_digest: str | None
    model_digest: str | None
    experiment_id: str | None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "share": self.share,
            "release_digest": self.release_digest,
            "model_digest": self.model_digest,
            "experiment_id": self.experiment_id,
        }


@dataclass(frozen=True, slots=True)
class Deployment:
    """``served`` is empty while there is no alias; ``previous`` is the hash of the row before."""

    model: str
    sequence: int
    at: float
    served: tuple[ServedRelease, ...]
    reason: str
    previous: str | None

    @property
    def hash(self) -> str:
        return digest.of_json(self.to_json()).hex

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "sequence": self.sequence,
            "at": self.at,
            "served": tuple(r.to_json() for r in self.served),
            "reason": self.reason,
            "previous": self.previous,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Deployment:
        return cls(**{**data, "served": tuple(ServedRelease(**r) for r in data["served"])})


def log_changes(
    state: ReleaseState, records: Sequence[NewRecord], at: float
) -> tuple[ReleaseState, tuple[Deployment, ...]]:
    """The rows that ``records`` add, and the state that remembers the last of them."""
    rows: list[Deployment] = []
    for record in records:
        if record.kind not in _READ or "alias" not in record.data:
            continue
        row = _row(state, record, at)
        if state.deployed is not None and state.deployed.alias == record.data["alias"]:
            continue
        rows.append(row)
        head = LogHead(row.sequence, row.hash, row.at, record.data["alias"])
        state = replace(state, deployed=head)
    return state, tuple(rows)


def check_log(rows: Sequence[Deployment], head: LogHead | None) -> Iterator[str]:
    """What is wrong with a log, oldest row first: a sentence for each fault."""
    before: Deployment | None = None
    for row in rows:
        expected = before.sequence + 1 if before else 1
        if row.sequence != expected:
            yield f"row {expected} of the deploy log is gone: row {row.sequence} stands there"
        elif row.previous != (before.hash if before else None):
            yield f"row {row.sequence} of the deploy log does not follow the row before: altered"
        before = row
    stands = (before.sequence, before.hash) if before else None
    if stands != ((head.sequence, head.hash) if head else None):
        yield "the deploy log does not end where the controller left it: altered or cut off"


def _row(state: ReleaseState, record: NewRecord, at: float) -> Deployment:
    """Time never runs back in a log, whatever a clock says."""
    last = state.deployed
    alias = record.data["alias"] or {"weights": {}}
    return Deployment(
        model=state.model,
        sequence=last.sequence + 1 if last else 1,
        at=max(at, last.at) if last else at,
        served=tuple(_served(state, int(n), share) for n, share in alias["weights"].items()),
        reason=record.text,
        previous=last.hash if last else None,
    )


def _served(state: ReleaseState, number: int, share: float) -> ServedRelease:
    release = state.release(number)
    if release is None:
        return ServedRelease(number, share, None, None, None)
    return ServedRelease(
        number, share, release.release_digest, release.model_digest, release.experiment_id
    )
