"""What the demo says while it plays: a line a step, and never more than two seconds of silence."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from ladle.ports import Clock

SILENCE_SECONDS = 1.8


@dataclass(frozen=True, slots=True)
class StageResult:
    """A finished stage, as ``--json`` lists it."""

    name: str
    ok: bool
    seconds: float


class Console:
    """Writes to one stream from any thread; a ticker speaks when nobody else does."""

    def __init__(self, clock: Clock, stream: TextIO = sys.stdout) -> None:
        self._clock = clock
        self._stream = stream
        self._began = clock.now()
        self._spoke = self._began
        self._doing = ""
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self.results: list[StageResult] = []
        threading.Thread(target=self._tick, daemon=True).start()

    def say(self, text: str) -> None:
        """One line (or several) with the seconds since the start in front of the first."""
        with self._lock:
            self._write(text)

    def doing(self, text: str) -> None:
        """Names what is going on, for the ticker; says nothing by itself."""
        self._doing = text

    @contextmanager
    def stage(self, name: str, title: str) -> Iterator[None]:
        """A named step; its result is kept whether it ends well or not."""
        began = self._clock.now()
        self._doing = title
        self.say(f"── {title}")
        ok = False
        try:
            yield
            ok = True
        finally:
            seconds = self._clock.now() - began
            self.results.append(StageResult(name, ok, round(seconds, 1)))
            self._doing = ""

    def end(self) -> None:
        self._ended.set()

    def _tick(self) -> None:
        while not self._ended.wait(0.2):
            with self._lock:
                if self._doing and self._clock.now() - self._spoke > SILENCE_SECONDS:
                    self._write(f"   … {self._doing}")

    def _write(self, text: str) -> None:
        self._spoke = self._clock.now()
        first, *rest = text.splitlines() or [""]
        self._stream.write(f"{self._spoke - self._began:6.1f} s  {first}\n")
        for line in rest:
            self._stream.write(f"          {line}\n")
        self._stream.flush()
