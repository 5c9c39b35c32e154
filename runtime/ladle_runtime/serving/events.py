"""What became of a request leaves as lines on a stream; logging never breaks or delays an answer."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from ladle.quality.labels import LabelValue, Noted
from ladle.quality.lines import RequestLine, format_request, format_rows

_LOG: Final = logging.getLogger("ladle")
_WAITING_MAX: Final = 4096  # requests whose lines are not yet written
_GATHERED_S: Final = 0.02
_LAST_WORDS_S: Final = 2.0


class EventLog(Protocol):
    def write(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> None:
        """Never raises. ``outcomes`` is None when there is nothing that a label could judge."""

    def add(self, text: str) -> None:
        """Lines that are made already, each with its end."""


class Style(Protocol):
    def text(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> str:
        """One line or several, each with its end."""


class DirectLog:
    """Writes before the answer leaves: a function is frozen as soon as it has answered."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> None:
        try:
            to_stdout(self.text(line, outcomes))
        except Exception as error:  # noqa: BLE001 - the answer matters more than its line
            _LOG.warning("request %s left no line: %s", line.request_id, type(error).__name__)

    def add(self, text: str) -> None:
        to_stdout(text)

    def text(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> str:
        request = format_request(line, self._key)
        if not outcomes:
            return f"{request}\n"
        return "\n".join([request, *format_rows(line, outcomes, self._key), ""])


class ReadableLog:
    """For a person at a terminal: ``ladle dev``."""

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> None:
        with contextlib.suppress(OSError, ValueError):
            to_stdout(self.text(line, outcomes))

    def add(self, text: str) -> None:
        to_stdout(text)

    def text(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> str:
        what = f"{line.status} {line.outcome:8} {line.rows:4d} rows {line.latency_ms:8.2f} ms"
        values = [str(o.value if isinstance(o, Noted) else o) for o in (outcomes or ())[:5]]
        shown = f"  {', '.join(values)}" if values else ""
        more = " …" if outcomes is not None and len(outcomes) > 5 else ""
        return f"{what}  {line.request_id}{shown}{more}\n"


class QueuedLog:
    """Writes from a thread of its own, for servers: a reader of stdout that stalls delays nobody.

    Texts are made by the caller and gathered for some milliseconds: each switch of threads costs
    more than a line. When 4,096 requests wait, the newest lines are dropped and counted.
    """

    def __init__(self, style: Style, emit: Callable[[str], None] | None = None) -> None:
        self._style = style
        self._emit = to_stdout if emit is None else emit
        self._waiting: deque[str] = deque()
        self._some = threading.Event()
        self._all_written = threading.Event()
        self._all_written.set()
        self.dropped = 0
        threading.Thread(target=self._drain, name="ladle-lines", daemon=True).start()

    def write(self, line: RequestLine, outcomes: Sequence[LabelValue | Noted] | None) -> None:
        if len(self._waiting) >= _WAITING_MAX:
            self.dropped += 1
            return
        try:
            text = self._style.text(line, outcomes)
        except Exception as error:  # noqa: BLE001 - the answer matters more than its line
            _LOG.warning("request %s left no line: %s", line.request_id, type(error).__name__)
        else:
            self.add(text)

    def add(self, text: str) -> None:
        if len(self._waiting) >= _WAITING_MAX:
            self.dropped += 1
            return
        self._waiting.append(text)
        if not self._some.is_set():
            self._all_written.clear()
            self._some.set()

    def flush(self) -> None:
        """Returns when everything that was accepted is written, or nobody reads it."""
        self._all_written.wait(_LAST_WORDS_S)

    def _drain(self) -> None:
        while True:
            self._some.wait()
            time.sleep(_GATHERED_S)
            self._some.clear()  # before taking: what comes after this sets it again
            # Once and not until none is left: each turn waits for the loop's thread, and stops it.
            texts = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with contextlib.suppress(OSError, ValueError):
                self._emit("".join(texts))
            if not self._some.is_set():
                self._all_written.set()


def to_stdout(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
