"""A long transfer shows how far it is, on stderr: a bar at a terminal, else a plain line now and then.

Whatever ends within two seconds shows nothing. rich is loaded when a bar is drawn, not before.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

QUIET_S = 2.0
_LINE_EVERY_S = 15.0
_MB = 1_000_000


class TransferProgress:
    """The Progress of a person who waits; one piece of work after another."""

    def __init__(
        self, stream: TextIO | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._seconds = seconds
        self._what, self._total = "", 0
        self._done_bytes = 0
        self._started = self._next_line = 0.0
        self._bar: Any = None

    def start(self, what: str, total_bytes: int | None, total_files: int | None) -> None:
        self._what, self._total, self._done_bytes = what, total_bytes or 0, 0
        self._started = self._seconds()
        self._next_line = self._started + QUIET_S

    def advance(self, bytes_: int, files: int = 0) -> None:
        self._done_bytes += bytes_
        if self._bar is not None:
            self._bar.update(0, completed=self._done_bytes)
        elif self._seconds() >= self._next_line:
            self._show()

    def finish(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show(self) -> None:
        if self._stream.isatty():
            self._bar = _bar(self._stream)
            self._bar.add_task(self._what, total=self._total or None, completed=self._done_bytes)
            self._bar.start()
            return
        self._next_line = self._seconds() + _LINE_EVERY_S
        elapsed = max(self._seconds() - self._started, 1e-9)
        of = f" of {self._total / _MB:,.0f}" if self._total else ""
        rate = self._done_bytes / _MB / elapsed
        line = f"ladle: {self._what}: {self._done_bytes / _MB:,.0f}{of} MB, {rate:,.0f} MB/s\n"
        self._stream.write(line)
        self._stream.flush()


def _bar(stream: TextIO) -> Any:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(file=stream),
        transient=True,
    )
