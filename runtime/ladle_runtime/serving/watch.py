"""What a model is asked and answers is counted in the bins of its reference, some hundred rows at a time.

Nothing of a row leaves the process but the number of its bin. Every five minutes the counts leave as a
line of the log; what a process counted since its last line is lost when the platform ends it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ladle.quality.counts import MICRO, window_start
from ladle.quality.lines import WatchLine, format_watch
from ladle.quality.reference import HOUR_S, SURE_ROWS, SURE_SUM, Reference, seen
from ladle_runtime.serving.events import to_stdout
from ladle_runtime.serving.probabilities import are_probabilities

if TYPE_CHECKING:
    from ladle.ports import Clock
    from ladle_runtime.serving.settings import Settings

_LOG: Final = logging.getLogger("ladle")
Tensors = Mapping[str, Any]
FLUSH_S: Final = 300.0
_ROWS: Final = 512  # counted at once


class Watch:
    """``add`` may be called by several threads at once."""

    def __init__(
        self,
        reference: Reference,
        model: str,
        release: int,
        key: bytes,
        clock: Clock,
        emit: Callable[[str], None],
    ) -> None:
        self._reference, self._model, self._release, self._key = reference, model, release, key
        self._clock, self._emit = clock, emit
        self._columns = [(c, np.array(c.edges)) for c in reference.columns]
        self._counts = [np.zeros(len(c.counts), np.int64) for c in reference.columns]
        self._confidence: dict[str, int] = {}
        self._waiting: list[tuple[Tensors, Tensors]] = []
        self._rows = 0
        self._lock = threading.Lock()
        self._next = 0.0

    def add(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        """The rows of one answered request. Never raises."""
        try:
            self._add(inputs, outputs, rows)
        except Exception as error:  # noqa: BLE001 - the answer matters more than what is counted of it
            _LOG.warning("rows were not watched: %s", type(error).__name__)

    def _add(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        now = self._clock.now()
        with self._lock:
            self._waiting.append((inputs, outputs))
            self._rows += rows
            if self._rows >= _ROWS or now >= self._next:
                self._count()
            if now >= self._next:
                self._leave(now)

    def _count(self) -> None:
        waiting, self._waiting, self._rows = self._waiting, [], 0
        asked, answered = (_joined([each[k] for each in waiting]) for k in (0, 1))
        for k, (column, edges) in enumerate(self._columns):
            found = (asked if column.is_input else answered).get(column.tensor)
            if found is not None and column.index < found.shape[1]:
                values = found[:, column.index]
                self._counts[k] += _counted(values, edges)
        for name, n in _confidence(answered).items():
            self._confidence[name] = self._confidence.get(name, 0) + n

    def _leave(self, now: float) -> None:
        first, self._next = self._next == 0.0, now + FLUSH_S
        if first:
            trained = self._reference.tallies()
            self._say(WatchLine(self._model, self._release, 0.0, "reference", trained))
        tallies = dict(self._confidence)
        for (column, _), counts in zip(self._columns, self._counts, strict=True):
            tallies |= {seen(column.name, int(b)): int(counts[b]) for b in np.flatnonzero(counts)}
            counts[:] = 0
        self._confidence = {}
        start = window_start(now, HOUR_S)
        self._say(WatchLine(self._model, self._release, start, "", tallies))

    def _say(self, line: WatchLine) -> None:
        self._emit("".join(f"{text}\n" for text in format_watch(line, self._key)))


def watch_of(written: str | None, settings: Settings, clock: Clock) -> Watch | None:
    """None for a model whose file says nothing of its training rows."""
    reference = Reference.from_json(written) if written else None
    if reference is None:
        return None
    return Watch(reference, settings.model, settings.release, settings.log_key, clock, to_stdout)


def _joined(several: list[Tensors]) -> Tensors:
    """All rows of each tensor of numbers, by row and column."""
    found = {}
    for name, first in several[0].items() if several else ():
        if isinstance(first, np.ndarray) and first.dtype.kind in "fiub" and first.ndim:
            rows = np.concatenate([tensors[name] for tensors in several])
            found[name] = rows.reshape(len(rows), -1)
    return found


def _counted(values: Any, edges: Any) -> Any:
    """The last bin holds what is no number."""
    known = values
    if values.dtype.kind == "f" and not np.isfinite(values.sum()):
        known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(edges, known, "right"), minlength=len(edges) + 2)
    counts[-1] = len(values) - len(known)
    return counts


def _confidence(answered: Tensors) -> Mapping[str, int]:
    """Of the first output that holds probabilities: the sum of each row's highest, and the rows."""
    scores = next((s for s in answered.values() if are_probabilities(s)), None)
    if scores is None:
        return {}
    return {SURE_SUM: round(float(scores.max(1).sum()) * MICRO), SURE_ROWS: len(scores)}
