"""What a rehearsal came to, as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from ladle.policy.verdicts import Evidence
from ladle.releases.effects import RecordKind
from ladle.simulation.rehearsal import ORIGIN_S, Mark, Rehearsal


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was decided or done, ``at_s`` after the hand-over of the candidate."""

    at_s: float
    kind: str
    release: int | None
    text: str
    candidate_requests: int
    log_e: float


@dataclass(frozen=True, slots=True)
class RolledBack:
    """``guard`` is ``native_alarm`` for Lambda's own, None where it was no measurement."""

    release: int
    to: int | None
    at_s: float
    guard: str | None
    log_e: float | None
    candidate_requests: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """``bad_requests`` are those that a candidate served while it was worse than the stable
    release; ``promoted`` says that one was promoted and stayed; ``log_e`` is of the newest candidate.
    """

    rolled_back: RolledBack | None
    rollbacks: int
    promoted: bool
    bad_requests: int
    candidate_requests: int
    candidate_failed: int
    log_e: float
    log_e_limit: float
    phase: str
    reason: str
    seconds: float
    timeline: tuple[Step, ...]
    evidence: Evidence | None

    def to_json(self) -> dict[str, Any]:
        return {k: v for k, v in asdict(self).items() if k != "evidence"}


def report(rehearsal: Rehearsal) -> Report:
    """Of one that was played."""
    marks = [m for m in rehearsal.marks if m.record.at >= ORIGIN_S]
    rollbacks = [_rolled_back(m) for m in marks if m.record.kind is RecordKind.ROLLED_BACK]
    out = {r.release for r in rollbacks}
    promoted = {m.record.release for m in marks if m.record.kind is RecordKind.PROMOTED}
    evidence, served, state = rehearsal.evidence, rehearsal.served, rehearsal.state
    return Report(
        rolled_back=rollbacks[0] if rollbacks else None,
        rollbacks=len(rollbacks),
        promoted=bool(promoted - out) or _went_live(rehearsal, out),
        bad_requests=served.bad,
        candidate_requests=served.requests,
        candidate_failed=served.failed,
        log_e=round(evidence.log_e, 6) if evidence else 0.0,
        log_e_limit=rehearsal.policy.log_e_limit,
        phase=str(state.phase),
        reason=state.reason,
        seconds=rehearsal.elapsed_s,
        timeline=tuple(_steps(marks)),
        evidence=evidence,
    )


def _went_live(rehearsal: Rehearsal, out: set[int]) -> bool:
    """All at once, without a promotion."""
    stable = rehearsal.state.stable
    return stable is not None and stable.number > 1 and stable.number not in out


def _steps(marks: list[Mark]) -> Iterator[Step]:
    """An intent is left out: the row after it says that it was done."""
    for mark in marks:
        row = mark.record
        if row.kind is not RecordKind.INTENT:
            yield Step(
                row.at - ORIGIN_S,
                str(row.kind),
                row.release,
                row.text,
                mark.candidate_requests,
                round(mark.log_e, 6),
            )


def _rolled_back(mark: Mark) -> RolledBack:
    row = mark.record
    return RolledBack(
        release=row.release or 0,
        to=row.data.get("to"),
        at_s=row.at - ORIGIN_S,
        guard=row.data.get("guard"),
        log_e=row.data.get("log_e"),
        candidate_requests=mark.candidate_requests,
        reason=row.text,
    )
