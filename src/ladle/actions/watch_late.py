"""Some times a day the labels of a proven release are held against the level of its trial."""

from __future__ import annotations

from dataclasses import dataclass, field

from ladle.actions.seldom import Looks
from ladle.policy.statuses import Phase
from ladle.ports import CounterStore, ReleaseLedger
from ladle.releases.events import LateRegression
from ladle.releases.state import ReleaseState
from ladle.why.change import asked_about
from ladle.why.late_regression import LateFinding, late_regression


@dataclass(slots=True)
class LateWatch:
    """Remembers its ``looks``."""

    counters: CounterStore
    ledger: ReleaseLedger
    looks: Looks[LateRegression] = field(default_factory=Looks)

    def __call__(self, state: ReleaseState, now: float) -> LateRegression | None:
        """None unless a proven release serves alone, labels are expected, and something stands out."""
        stable = state.stable
        if state.phase is not Phase.STABLE or state.intent is not None or stable is None:
            return None
        if not stable.policy.labels_expected or state.incident is not None:
            return None
        number = stable.number
        return self.looks.seen(state.model, number, now, lambda: self._look(state, number, now))

    def _look(self, state: ReleaseState, stable: int, now: float) -> LateRegression | None:
        since, _ = asked_about(now, None)
        rows = self.ledger.deployments(state.model)
        before = [row for row in rows if row.at <= since][-1:]
        served = before + [row for row in rows if row.at > since]
        numbers = {release.number for row in served for release in row.served} | {stable}
        windows = {n: self.counters.read(state.model, n, since) for n in sorted(numbers)}
        found = late_regression(windows, stable, state.phase_since, now)
        return None if found is None else _told(stable, found)


def _told(release: int, found: LateFinding) -> LateRegression:
    level, seen = found.level, found.seen
    text = (
        f"answers of release {release} are worse than at its trial: "
        f"{100 * seen.wrong / seen.labelled:.3g} % of {seen.labelled:.0f} labels against "
        f"{100 * level.wrong / level.labelled:.3g} % of {level.labelled:.0f}, "
        f"log e {found.log_e:.2f} of {found.limit:.2f}"
    )
    data = {
        "guard": "late_regression",
        "reason": text,
        "log_e": found.log_e,
        "log_e_limit": found.limit,
        "level": {"labelled": level.labelled, "wrong": level.wrong},
        "seen": {"labelled": seen.labelled, "wrong": seen.wrong},
        "began": found.began,
        "to_blame": found.release,
        "contract_kept": found.contract_kept,
    }
    return LateRegression(release, text, data, found.release, found.contract_kept)
