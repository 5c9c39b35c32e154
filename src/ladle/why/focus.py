"""Which release an answer is about, decided by rows of history alone: no row, no blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ladle.errors import NotFound
from ladle.policy.statuses import Phase
from ladle.releases.effects import Record, RecordKind
from ladle.releases.state import ReleaseState
from ladle.why.change import QualityReport
from ladle.why.explanation import Conclusion
from ladle.why.facts import Subject
from ladle.why.trials import Trial, newest, trials

# A row of one of these kinds says what became of the release that it names.
CLOSING: dict[RecordKind, Conclusion] = {
    RecordKind.ROLLED_BACK: Conclusion.ROLLED_BACK,
    RecordKind.REFUSED: Conclusion.REFUSED,
    RecordKind.GOOD: Conclusion.PROMOTED,
    RecordKind.SUPERSEDED: Conclusion.SUPERSEDED,
    RecordKind.HELD: Conclusion.WAITING,
}
_BY_PHASE: dict[Phase, tuple[RecordKind, Conclusion]] = {
    Phase.FROZEN: (RecordKind.FROZEN, Conclusion.FROZEN),
    Phase.DEGRADED: (RecordKind.DEGRADED, Conclusion.DEGRADED),
    Phase.PAUSED: (RecordKind.PAUSED, Conclusion.PAUSED),
    Phase.STOPPED: (RecordKind.STOPPED, Conclusion.STOPPED),
}
_QUIET = frozenset({Conclusion.NOT_A_DEPLOY, Conclusion.PROMOTED, Conclusion.FIRST_RELEASE})


@dataclass(frozen=True, slots=True)
class Focus:
    """``row`` decides the conclusion; ``trial`` is the one that it is about, if there was one."""

    conclusion: Conclusion
    row: Record
    release: int | None
    trial: Trial | None = None

    @property
    def against(self) -> int | None:
        return self.trial.against if self.trial else None


def focus(
    subject: Subject,
    records: Sequence[Record],
    state: ReleaseState,
    quality: QualityReport | None = None,
) -> Focus:
    """Where no trial explains what is seen, ``quality`` leads, if it shows a loss that still stands.

    Raises NotFound LD540 or LD541 when history has nothing of what is asked about.
    """
    found = _by_history(subject, records, state)
    if quality is None or not asks_the_labels(subject, found):
        return found
    change = quality.change
    if change is None or not change.worse or (change.made_good and subject.at is None):
        return found
    blamed = change.causes.release
    if blamed is None:
        unclear = not change.causes.outside
        return replace(found, conclusion=Conclusion.UNCLEAR if unclear else Conclusion.OUTSIDE)
    trial = newest(trials(records), blamed)
    own = [r for r in records if r.release == blamed]
    row = trial.started if trial else own[-1] if own else found.row
    return Focus(Conclusion.TO_BLAME, row, blamed, trial)


def asks_the_labels(subject: Subject, found: Focus) -> bool:
    """Whether history alone leaves open what is seen."""
    return subject.release is None and found.conclusion in _QUIET


def _by_history(subject: Subject, records: Sequence[Record], state: ReleaseState) -> Focus:
    if not records:
        raise NotFound(
            "LD540",
            f"{subject.model} has no history: nothing was ever deployed under this name",
            "deploy it (ladle deploy), or look at the names with: ladle status",
        )
    if subject.release is not None:
        return _of_release(subject.release, records, state)
    if subject.at is not None:
        return _at(subject.at, records)
    return _newest(records, state)


def _of_release(release: int, records: Sequence[Record], state: ReleaseState) -> Focus:
    found = trials(records)
    trial = newest(found, release)
    own = [r for r in records if r.release == release and r.kind is not RecordKind.INTENT]
    if trial is None and not own:
        raise NotFound(
            "LD541",
            f"{state.model} has no release {release}",
            f"look at the numbers with: ladle history {state.model}",
        )
    closing = [r for r in own if r.kind in CLOSING]
    last = closing[-1] if closing else None
    if trial and trial.ended is None and (last is None or last.at <= trial.started.at):
        return _of_trial(trial)
    if last is None:
        return Focus(Conclusion.WAITING, own[-1], release, trial)
    return Focus(_closed(last, trial), last, release, trial)


def _at(at: float, records: Sequence[Record]) -> Focus:
    before = [r for r in records if r.at <= at]
    if not before:
        return Focus(Conclusion.NOT_A_DEPLOY, records[0], None)
    running = [t for t in trials(records) if t.covers(at)]
    if running:
        return _of_trial(running[-1])
    held = _interrupted(before)
    if held is not None:
        return held
    return _nothing_since(before, trials(before))


def _newest(records: Sequence[Record], state: ReleaseState) -> Focus:
    found = trials(records)
    if state.phase in _BY_PHASE:
        kind, conclusion = _BY_PHASE[state.phase]
        row = next((r for r in reversed(records) if r.kind is kind), records[-1])
        trial = found[-1] if found and found[-1].ended is None else None
        return Focus(conclusion, row, trial.release if trial else row.release, trial)
    if found and found[-1].ended is None:
        return _of_trial(found[-1])
    closing = next((r for r in reversed(records) if r.kind in CLOSING), None)
    if closing is None or closing.kind is RecordKind.GOOD:
        return _nothing_since(records, found)
    trial = newest(found, closing.release) if closing.release is not None else None
    return Focus(CLOSING[closing.kind], closing, closing.release, trial)


def last_change(records: Sequence[Record]) -> Record | None:
    """The last row that moved traffic, by its reason where one decision wrote both."""
    moved = [r for r in records if r.kind in (RecordKind.INTENT, *CLOSING)]
    together = [r for r in moved if r.at == moved[-1].at]
    reasons = [r for r in together if r.kind in CLOSING]
    return next(reversed(reasons or together), None)


def _of_trial(trial: Trial) -> Focus:
    if trial.ended is not None:
        return Focus(_closed(trial.ended, trial), trial.ended, trial.release, trial)
    first = trial.against is None
    conclusion = Conclusion.FIRST_RELEASE if first else Conclusion.CANNOT_TELL
    return Focus(conclusion, trial.started, trial.release, trial)


def _closed(row: Record, trial: Trial | None) -> Conclusion:
    """A release that was never compared with another is a first one, not a promoted one."""
    if row.kind is RecordKind.GOOD and (trial is None or trial.against is None):
        return Conclusion.FIRST_RELEASE
    return CLOSING[row.kind]


def _interrupted(before: Sequence[Record]) -> Focus | None:
    """A freeze or degradation that had not been ended at the time asked about."""
    for row in reversed(before):
        if row.kind in (RecordKind.RESUMED, RecordKind.REQUESTED):
            return None
        for kind, conclusion in (_BY_PHASE[Phase.FROZEN], _BY_PHASE[Phase.DEGRADED]):
            if row.kind is kind:
                return Focus(conclusion, row, row.release)
    return None


def _nothing_since(records: Sequence[Record], found: Sequence[Trial]) -> Focus:
    row = last_change(records) or records[-1]
    ended = [t for t in found if t.ended is not None]
    trial = ended[-1] if ended else None
    return Focus(Conclusion.NOT_A_DEPLOY, row, trial.release if trial else row.release, trial)
