"""Labels that come together are counted by one batch, each once, whoever is interrupted and where.

A label is stored first and names the batch that will count it; then the batch is added, once. Who
meets a label of a batch that was not added gives that batch up for ever and takes the label over. A
caller whose batch was given up begins another with the labels that are left to it. So a label costs
one write, and a batch a few, however many labels it has.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ladle.errors import LadleError, Unavailable
from ladle.ports import CounterStore, LabelStore
from ladle.quality.acceptance import Counting
from ladle.quality.counts import Counts, WindowKey, kept_rows
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome
from ladle.quality.outcomes import deltas

MAX_ROWS = (
    90  # of counters in a batch: with its mark and one more label it fits into one transaction
)
_TRIES = 8


def draw_batch() -> str:
    """A name that no other batch has."""
    return f"labels:{secrets.token_urlsafe(16)}"


@dataclass(slots=True)
class LabelCount:
    """Counts what one call brings. ``finish`` it, or nothing is promised."""

    counters: CounterStore
    labels: LabelStore
    model: str
    accept_s: float
    now: float
    draw: Callable[[], str] = draw_batch
    _batch: str = ""
    _held: dict[str, _Held] = field(default_factory=dict)  # by prediction id
    _rows: set[tuple[WindowKey, str]] = field(default_factory=set)
    _answers: dict[str, bool] = field(default_factory=dict)

    def accept(self, label: Label, outcome: LabelOutcome | None) -> AcceptedLabel:
        """Raises LadleError LD603 for a fourth correction."""
        self._batch = self._batch or self.draw()
        by = Counting(self._batch, self._was_added)
        expires_at = label.at + self.accept_s
        accepted = self.labels.accept(self.model, label, outcome, expires_at, by)
        if accepted.counts:
            held = _Held(label, outcome, deltas(self.model, accepted))
            self._held[label.prediction_id] = held
            for key, counts in held.deltas.items():
                self._rows |= kept_rows(key, counts)
        if len(self._rows) >= MAX_ROWS:
            self.finish()
        return accepted

    def finish(self) -> None:
        """Raises Unavailable LD612: what is stored by then is counted when it is sent again."""
        for _ in range(_TRIES):
            batch, held = self._batch, self._held
            self._batch, self._held, self._rows = "", {}, set()
            sums = _sums(held)
            if not sums or batch in self.counters.add({batch: sums}):
                return
            for one in held.values():
                self._accept_again(one)
        raise Unavailable("LD612", "others count the same labels over and over", "send them again")

    def _accept_again(self, held: _Held) -> None:
        try:
            self.accept(held.label, held.outcome)
        except LadleError as error:
            if error.code != "LD603":  # others corrected it meanwhile, and it is theirs to count
                raise

    def _was_added(self, batch: str) -> bool:
        """Neither answer ever changes. What is our own is not added yet, nor given up by us."""
        if batch == self._batch:
            return False
        if batch not in self._answers:
            self._answers[batch] = self.counters.was_added(batch, self.now)
        return self._answers[batch]


@dataclass(frozen=True, slots=True)
class _Held:
    label: Label
    outcome: LabelOutcome | None
    deltas: Mapping[WindowKey, Counts]


def _sums(held: Mapping[str, _Held]) -> dict[WindowKey, Counts]:
    sums: dict[WindowKey, Counts] = {}
    for one in held.values():
        for key, counts in one.deltas.items():
            sums[key] = sums.get(key, Counts()) + counts
    return sums
