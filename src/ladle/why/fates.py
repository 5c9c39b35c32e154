"""Every release that history names, and what became of it: a retired one is gone, not forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.policy.statuses import ReleaseStatus
from ladle.releases.effects import Record, RecordKind
from ladle.releases.state import ReleaseState

# The last row of one of these kinds says how a release ended, whatever tidying came after it.
_ENDED: dict[RecordKind, ReleaseStatus] = {
    RecordKind.ROLLED_BACK: ReleaseStatus.ROLLED_BACK,
    RecordKind.REFUSED: ReleaseStatus.REFUSED,
    RecordKind.GOOD: ReleaseStatus.GOOD,
    RecordKind.SUPERSEDED: ReleaseStatus.SUPERSEDED,
}


@dataclass(frozen=True, slots=True)
class Fate:
    """``status`` is never RETIRED while history knows how the release ended before that."""

    release: int
    experiment_id: str | None
    status: ReleaseStatus


def fates(records: Sequence[Record], state: ReleaseState) -> tuple[Fate, ...]:
    """By number."""
    experiments = experiment_ids(records)
    return tuple(
        Fate(number, experiments[number], _status(number, records, state))
        for number in sorted(experiments)
    )


def experiment_ids(records: Sequence[Record]) -> Mapping[int, str | None]:
    """By release, as the hand-off wrote them: history outlives the state's retained releases."""
    return {
        row.release: row.data.get("experiment_id")
        for row in records
        if row.kind is RecordKind.REQUESTED and row.release is not None
    }


def _status(number: int, records: Sequence[Record], state: ReleaseState) -> ReleaseStatus:
    now = state.statuses.get(number, ReleaseStatus.RETIRED)
    if now is not ReleaseStatus.RETIRED:
        return now
    ends = [_ENDED[r.kind] for r in records if r.release == number and r.kind in _ENDED]
    return ends[-1] if ends else now
