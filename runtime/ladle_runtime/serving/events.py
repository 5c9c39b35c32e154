"""What became of a request leaves as lines on a stream; logging never breaks or delays an answer."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from ladle.quality.labels import LabelValue
from ladle.quality.lines import RequestLine, format_request, format_rows

_LOG: Final = logging.getLogger("ladle")
_WAITING_MAX: Final = 4096  # requests whose lines are not yet written
_AT_ONCE: Final = 128
_GATHERED_S: Final = 0.02
_LAST_WORDS_S: Final = 2.0


Event = tuple[RequestLine, Sequence[LabelValue] | None]


class EventLog(Protocol):
    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        """Never raises. ``outcomes`` is None when there is nothing that a label could judge."""


class EventStream(Protocol):
    def write_all(self, events: Sequence[Event]) -> None:
        """Never raises."""


def lines_of(line: RequestLine, outcomes: Sequence[LabelValue] | None, key: bytes) -> str:
    texts = [format_request(line, key), *format_rows(line, outcomes or (), key)]
    return "\n".join(texts) + "\n"


class DirectLog:
    """Writes before the answer leaves: a function is frozen as soon as it has answered."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        self.write_all([(line, outcomes)])

    def write_all(self, events: Sequence[Event]) -> None:
        try:
            sys.stdout.write("".join([lines_of(*event, self._key) for event in events]))
            sys.stdout.flush()
        except Exception as error:  # noqa: BLE001 - the answer matters more than its line
            _LOG.warning("%s requests left no line: %s", len(events), type(error).__name__)


class QueuedLog:
    """Writes from a thread of its own, for servers: a reader of stdout that stalls delays nobody.

    Lines are gathered for some milliseconds, since each switch of threads costs more than a line.
    When more than 4,096 requests wait, the newest lines are dropped and counted.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._waiting: deque[Event] = deque()
        self._some = threading.Event()
        self._is_idle = threading.Condition()
        self._unwritten = 0
        self.dropped = 0
        threading.Thread(target=self._drain, name="ladle-lines", daemon=True).start()

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        if len(self._waiting) >= _WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append((line, outcomes))
        if not self._some.is_set():
            self._some.set()

    def flush(self) -> None:
        """Returns when everything that was accepted is written, or nobody reads it."""
        with self._is_idle:
            self._is_idle.wait_for(lambda: not self._waiting and not self._unwritten, _LAST_WORDS_S)

    def _drain(self) -> None:
        while True:
            self._some.wait()
            time.sleep(_GATHERED_S)
            self._some.clear()  # before reading: what comes after this sets it again
            while self._waiting:
                self._unwritten = min(len(self._waiting), _AT_ONCE)
                self._stream.write_all([self._waiting.popleft() for _ in range(self._unwritten)])
            with self._is_idle:
                self._unwritten = 0
                self._is_idle.notify_all()


class ReadableLog:
    """For a person at a terminal: ``ladle dev``."""

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue] | None) -> None:
        self.write_all([(line, outcomes)])

    def write_all(self, events: Sequence[Event]) -> None:
        try:
            sys.stdout.write("".join([_readable(*event) for event in events]))
            sys.stdout.flush()
        except (OSError, ValueError):
            return


def _readable(line: RequestLine, outcomes: Sequence[LabelValue] | None) -> str:
    what = f"{line.status} {line.outcome:8} {line.rows:4d} rows {line.latency_ms:8.2f} ms"
    shown = "" if outcomes is None else f"  {', '.join(map(str, outcomes[:5]))}"
    more = " …" if outcomes is not None and len(outcomes) > 5 else ""
    return f"{what}  {line.request_id}{shown}{more}\n"
