"""What is kept of predictions and their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome, PredictionRows


class PredictionLog(Protocol):
    """What was predicted, so that a late label can be judged. Rows expire with ``labels.accept``."""

    def add(self, rows: PredictionRows, expires_at: float) -> None: ...

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None: ...


class LabelStore(Protocol):
    """One accepted label per prediction; corrections are their own events, at most three."""

    def accept(
        self, model: str, label: Label, outcome: LabelOutcome | None, expires_at: float
    ) -> AcceptedLabel:
        """Stores the label; the newest by ``label.at`` wins, whatever the order of the calls.

        ``outcome`` is None when the prediction is not known yet; such a label waits, and is settled
        when it is accepted again with its outcome. The same value again changes nothing and returns
        what is stored, so that a caller can finish what it had begun.
        Raises LadleError LD603 for a fourth correction.
        """

    def waiting(self, model: str, request_id: str) -> Sequence[Label]:
        """Labels that came before their prediction."""


class CounterStore(Protocol):
    """Additive counters by (model, release, window)."""

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        """Adds each batch once by its id, all of it or nothing; returns the ids added by this call.

        A batch without deltas is never added. A delta may be negative: a corrected label takes back what it had added.
        """

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        """Windows that begin at or after ``since``, by start."""


class MetricSink(Protocol):
    def publish_log_e(self, model: str, log_e: float, at: float) -> None: ...
