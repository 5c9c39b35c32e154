"""What is kept of predictions and their labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ladle.quality.acceptance import Counting
from ladle.quality.counts import Counts, Window, WindowKey
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome, PredictionRows


class PredictionLog(Protocol):
    """What was predicted, so that a late label can be judged. Rows expire with ``labels.accept``."""

    def add(self, rows: PredictionRows, expires_at: float) -> None: ...

    def find(self, model: str, request_id: str, row: int) -> PredictionRows | None: ...


class LabelStore(Protocol):
    """One accepted label per prediction; corrections are their own events, at most three."""

    def accept(
        self,
        model: str,
        label: Label,
        outcome: LabelOutcome | None,
        expires_at: float,
        by: Counting,
    ) -> AcceptedLabel:
        """Stores the label; the newest by ``label.at`` wins, whatever the order of the calls.

        ``outcome`` is None when the prediction is not known yet; such a label waits, and is settled
        when it is accepted again with its outcome. The same value again changes nothing and returns
        what is stored; where the batch that should have counted it never will, it is ``by``'s from
        now on. Raises LadleError LD603 for a fourth correction.
        """

    def given(self, model: str, request_id: str) -> Sequence[Label]:
        """The labels of a request's rows: those that wait for their prediction, and those judged."""


class CounterStore(Protocol):
    """Additive counters by (model, release, window)."""

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        """Adds each batch once by its id, all of it or nothing; returns the ids added by this call.

        A batch without deltas is never added. A delta may be negative: a corrected label takes back what it had added.
        """

    def was_added(self, batch_id: str, now: float) -> bool:
        """Whether a batch was added. If it was not, it never will be: ``add`` passes it over."""

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        """Windows that begin at or after ``since``, by start."""


class MetricSink(Protocol):
    def publish_log_e(self, model: str, log_e: float, at: float) -> None: ...


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """One line of a model's log; ``id`` tells apart lines of the same moment."""

    id: str
    at: float
    stream: str
    text: str


class LogReader(Protocol):
    def lines(self, model: str, since: float) -> Iterator[LoggedLine]:
        """Oldest first. Raises NotFound for a model that was never deployed."""
