"""A command that is streamed ends with whoever reads it, whenever that is interrupted."""

from __future__ import annotations

import inspect
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from ladle.tools import processes

SAYS_A_WORD = [sys.executable, "-c", "print('word', flush=True); import time; time.sleep(60)"]
# In the order in which they run; what comes after them is the end itself.
# The child runs already when this returns, and the parent does not know it yet.
AS_A_CHILD_STARTS = subprocess.Popen._execute_child.__code__  # type: ignore[attr-defined]
STEPS = ("with ctrl_c_waits()", "watchers.append", ".start()", "for line in", "yield line")


@pytest.fixture(autouse=True)
def hears_ctrl_c() -> Iterator[None]:
    """Whoever runs the tests may not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def _at_once() -> None:
    raise KeyboardInterrupt


@contextmanager
def interrupted(
    code: CodeType, event: str, line: int | None = None, by: Callable[[], None] = _at_once
) -> Iterator[None]:
    """Ctrl-C, once, at this event of the function with this code: before a line, or as it returns."""
    left = [by]

    def of_this(frame: FrameType, seen: str, _argument: Any) -> Any:
        if seen == event and line in (None, frame.f_lineno) and left:
            left.pop()()
        return of_this

    def of_any(frame: FrameType, _seen: str, _argument: Any) -> Any:
        return of_this if frame.f_code is code else None

    before = sys.gettrace()
    sys.settrace(of_any)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_before_any_step_leaves_no_thread(step: str) -> None:
    lines, first = inspect.getsourcelines(processes.stream)
    line = next(first + number for number, text in enumerate(lines) if step in text)
    with interrupted(processes.stream.__code__, "line", line):
        _ends()


def test_ctrl_c_while_the_watcher_starts_leaves_no_thread() -> None:
    with interrupted(threading.Thread.start.__code__, "return"):
        _ends()


def test_ctrl_c_while_the_command_starts_leaves_no_process() -> None:
    with interrupted(AS_A_CHILD_STARTS, "return", by=_ctrl_c):
        _ends()


def test_ctrl_c_while_a_server_starts_leaves_one_that_is_known(tmp_path: Path) -> None:
    started: list[int] = []
    with (
        interrupted(AS_A_CHILD_STARTS, "return", by=_ctrl_c),
        pytest.raises(KeyboardInterrupt),
    ):
        processes.start(SAYS_A_WORD, tmp_path / "log", started)
    [pid] = started
    assert processes.lives(pid)
    processes.stop(pid)
    assert not processes.lives(pid)


def test_outside_of_the_main_thread_ctrl_c_has_nothing_to_wait_for(tmp_path: Path) -> None:
    started: list[int] = []
    asked = threading.Thread(target=processes.start, args=(SAYS_A_WORD, tmp_path / "log", started))
    asked.start()
    asked.join()
    [pid] = started
    processes.stop(pid)
    assert not processes.lives(pid)


def _ends() -> None:
    threads, children = set(threading.enumerate()), _children()
    with pytest.raises(KeyboardInterrupt):
        list(processes.stream(SAYS_A_WORD, Path.cwd(), {}))
    assert set(threading.enumerate()) == threads
    assert _children() == children


def _children() -> set[str]:
    """Of this process, whichever of its threads started them."""
    return {
        child
        for thread in Path("/proc/self/task").iterdir()
        for child in (thread / "children").read_text().split()
    }
