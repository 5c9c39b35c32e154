"""What became of a request leaves as lines on a stream; logging never breaks or delays an answer."""

from __future__ import annotations

import logging
import queue
import sys
import threading
from collections.abc import Sequence
from typing import Final, Protocol

from ladle.quality.labels import LabelValue
from ladle.quality.lines import RequestLine, format_request, format_rows

_LOG: Final = logging.getLogger("ladle")
_WAITING_MAX: Final = 4096  # requests whose lines are not yet written


class EventLog(Protocol):
    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        """Never raises. ``outcomes`` is None when there is nothing that a label could judge."""


def lines_of(line: RequestLine, outcomes: Sequence[LabelValue] | None, key: bytes) -> str:
    texts = [format_request(line, key), *format_rows(line, outcomes or (), key)]
    return "\n".join(texts) + "\n"


class DirectLog:
    """Writes before the answer leaves: a function is frozen as soon as it has answered."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        try:
            sys.stdout.write(lines_of(line, outcomes, self._key))
            sys.stdout.flush()
        except Exception as error:  # noqa: BLE001 - the answer matters more than its line
            _LOG.warning("request %s left no line: %s", line.request_id, type(error).__name__)


class QueuedLog:
    """Writes from a thread of its own, for servers: a reader of stdout that stalls delays nobody.

    When more than 4,096 requests wait, the newest lines are dropped and counted.
    """

    def __init__(self, inner: EventLog) -> None:
        self._inner = inner
        self._waiting: queue.Queue[tuple[RequestLine, Sequence[LabelValue] | None]] = queue.Queue(
            _WAITING_MAX
        )
        self.dropped = 0
        threading.Thread(target=self._drain, name="ladle-lines", daemon=True).start()

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        try:
            self._waiting.put_nowait((line, outcomes))
        except queue.Full:
            self.dropped += 1

    def flush(self) -> None:
        """Returns when everything that was accepted is written."""
        self._waiting.join()

    def _drain(self) -> None:
        while True:
            line, outcomes = self._waiting.get()
            try:
                self._inner.write(line, outcomes)
            finally:
                self._waiting.task_done()


class ReadableLog:
    """For a person at a terminal: ``ladle dev``."""

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        what = f"{line.status} {line.outcome:8} {line.rows:4d} rows {line.latency_ms:8.2f} ms"
        shown = "" if outcomes is None else f"  {', '.join(map(str, outcomes[:5]))}"
        more = " …" if outcomes is not None and len(outcomes) > 5 else ""
        try:
            sys.stdout.write(f"{what}  {line.request_id}{shown}{more}\n")
            sys.stdout.flush()
        except (OSError, ValueError):
            return
