"""Who waits is told; who does not wait is not disturbed. Time is set by the test."""

from __future__ import annotations

import io
from dataclasses import dataclass

from ladle.tools.transfer_progress import TransferProgress

ERASED = "\x1b[2K"


@dataclass
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_what_ends_within_two_seconds_shows_nothing() -> None:
    stream, time = io.StringIO(), Time()
    progress = TransferProgress(stream, time)
    progress.start("push", 100, 1)
    time.now = 1.9
    progress.advance(100)
    progress.finish()
    assert stream.getvalue() == ""


def test_without_a_terminal_there_are_plain_lines_now_and_then() -> None:
    stream, time = io.StringIO(), Time()
    progress = TransferProgress(stream, time)
    progress.start("push", 400_000_000, 1)
    for second in range(1, 31):
        time.now = float(second)
        progress.advance(10_000_000)
    progress.finish()
    assert stream.getvalue().splitlines() == [
        "ladle: push: 20 of 400 MB, 10 MB/s",
        "ladle: push: 170 of 400 MB, 10 MB/s",
    ]


def test_at_a_terminal_there_is_a_bar_that_goes_away() -> None:
    stream, time = Terminal(), Time()
    progress = TransferProgress(stream, time)
    for _ in range(2):  # one piece of work after another
        progress.start("pull", 100, 1)
        time.now += 5
        progress.advance(50)
        progress.finish()
    assert "pull" in stream.getvalue()
    assert stream.getvalue().endswith(ERASED)
