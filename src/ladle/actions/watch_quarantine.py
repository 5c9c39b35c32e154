"""Labels that come after a rollback are held against it: whom they clear, a person is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ladle.actions.judge_quality import read_evidence
from ladle.actions.seldom import Looks
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
from ladle.policy.verdicts import Evidence
from ladle.ports import CounterStore, ReleaseLedger
from ladle.releases.effects import RecordKind
from ladle.releases.events import QuarantineDoubted
from ladle.releases.state import Quarantined, ReleaseState

OF_LABELS = (GuardName.ACCURACY, GuardName.ERROR)
# The trial's labels have at least doubled, and what is left of the evidence is one in ten by chance.
TIMES_THE_LABELS, PART_OF_THE_LIMIT = 2, 0.5


@dataclass(slots=True)
class QuarantineWatch:
    """Remembers its ``looks``."""

    counters: CounterStore
    ledger: ReleaseLedger
    looks: Looks[QuarantineDoubted] = field(default_factory=Looks)

    def __call__(self, state: ReleaseState, now: float) -> QuarantineDoubted | None:
        """About the newest rollback, for as long as labels of its trial are accepted."""
        entry = state.quarantine[-1] if state.quarantine else None
        if state.phase is not Phase.STABLE or entry is None or entry.doubt is not None:
            return None
        digest = entry.digest
        return self.looks.seen(state.model, digest, now, lambda: self._look(state, entry, now))

    def _look(
        self, state: ReleaseState, entry: Quarantined, now: float
    ) -> QuarantineDoubted | None:
        then = self._evidence(state.model, entry)
        if then is None or then.worst is None or then.worst.guard not in OF_LABELS:
            return None
        release, rival = state.release(entry.release), state.release(then.stable_release)
        if release is None or now - entry.at > release.policy.labels_accept_s:
            return None
        trial = replace(
            state,
            phase=Phase.CANARY,
            stable=rival,
            candidate=release,
            evidence_since=then.since,
        )
        whole = read_evidence(self.counters, trial, entry.at)
        return _told(entry, then, whole) if whole is not None and _clears(then, whole) else None

    def _evidence(self, model: str, entry: Quarantined) -> Evidence | None:
        """The numbers that the rollback was recorded with."""
        rows = self.ledger.records(model, entry.at)
        out = (r for r in rows if (r.kind, r.release) == (RecordKind.ROLLED_BACK, entry.release))
        row = next(out, None)
        data = row.data.get("evidence") if row is not None else None
        return Evidence.from_json(data) if data else None


def _clears(then: Evidence, whole: Evidence) -> bool:
    enough = whole.candidate_labels >= TIMES_THE_LABELS * then.candidate_labels
    return enough and whole.log_e <= PART_OF_THE_LIMIT * whole.log_e_limit


def _told(entry: Quarantined, then: Evidence, whole: Evidence) -> QuarantineDoubted:
    text = (
        f"with all labels of its trial that came by now, {whole.candidate_labels} instead of "
        f"{then.candidate_labels}, release {entry.release} is not worse: log e {whole.log_e:.2f} of "
        f"{whole.log_e_limit:.2f}, no longer {then.log_e:.2f}"
    )
    data = {"digest": entry.digest, "then": then.to_json(), "now": whole.to_json()}
    return QuarantineDoubted(entry.digest, text, data)
