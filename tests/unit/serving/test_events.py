"""Logging never breaks an answer, and never makes one wait."""

from __future__ import annotations

import contextlib
import io
import threading

import pytest

from ladle.quality.labels import Noted, PredictionRows
from ladle.quality.lines import RequestLine, RequestOutcome, parse
from ladle_runtime.serving.events import DirectLog, QueuedLog, ReadableLog

KEY = bytes(32)


def line(number: int = 0) -> RequestLine:
    return RequestLine(
        model="flowers",
        release=7,
        request_id=f"{number:022d}",
        at=1_795_400_000.0,
        outcome=RequestOutcome.OK,
        status=200,
        latency_ms=1.5,
        rows=2,
        cold=False,
        window_s=60.0,
    )


class Held:
    """A stream that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.written: list[str] = []

    def emit(self, text: str) -> None:
        self.go.wait(10)
        self.written += text.splitlines()


def test_a_request_leaves_its_line_and_then_its_rows() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        DirectLog(KEY).write(line(), ["cat", 3])
    request, rows = [parse(text, KEY) for text in stdout.getvalue().splitlines()]
    assert request == line()
    assert isinstance(rows, PredictionRows)
    assert rows.outcomes == ("cat", 3)


def test_a_request_without_outcomes_leaves_its_line_alone() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        DirectLog(KEY).write(line(), None)
    assert len(stdout.getvalue().splitlines()) == 1


def test_a_person_reads_what_was_predicted_and_not_how_it_is_kept() -> None:
    text = ReadableLog().text(line(), [Noted("cat", 0.9), 3])
    assert text.endswith(f"{line().request_id}  cat, 3\n")


@pytest.mark.parametrize("log", [DirectLog(KEY), ReadableLog()], ids=["lines", "readable"])
def test_a_closed_stream_breaks_no_answer(log: DirectLog | ReadableLog) -> None:
    stream = io.StringIO()
    stream.close()
    with contextlib.redirect_stdout(stream):
        log.write(line(), ["cat"])


def test_lines_that_are_made_already_leave_in_their_order_and_are_lost_like_others() -> None:
    held = Held()
    log = QueuedLog(DirectLog(KEY), held.emit)
    log.write(line(), None)
    for number in range(5000):
        log.add(f"{number}\n")
    held.go.set()
    log.flush()
    assert held.written[1:3] == ["0", "1"]
    assert len(held.written) + log.dropped == 5001
    assert log.dropped > 0


def test_a_stream_that_stalls_makes_nobody_wait_and_its_losses_are_counted() -> None:
    held = Held()
    log = QueuedLog(ReadableLog(), held.emit)
    for number in range(5000):
        log.write(line(number), None)
    held.go.set()
    log.flush()
    assert len(held.written) + log.dropped == 5000
    assert log.dropped > 0
    ids = [text.split()[-1] for text in held.written]
    assert ids == sorted(ids)
