"""A command that is streamed ends with whoever reads it, whenever that is interrupted."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from ladle.tools import processes

SAYS_A_WORD = [sys.executable, "-c", "print('word', flush=True); import time; time.sleep(60)"]
# In the order in which they run; what comes after them is the end itself.
STEPS = ("watched =", "watchers.append", ".start()", "for line in", "yield line")


@contextmanager
def interrupted(code: CodeType, event: str, line: int | None = None) -> Iterator[None]:
    """Ctrl-C, once, at this event of the function with this code: before a line, or as it returns."""
    left = [KeyboardInterrupt]

    def of_this(frame: FrameType, seen: str, _argument: Any) -> Any:
        if seen == event and line in (None, frame.f_lineno) and left:
            raise left.pop()
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
    [line] = [first + number for number, text in enumerate(lines) if step in text]
    with interrupted(processes.stream.__code__, "line", line):
        _ends()


def test_ctrl_c_while_the_watcher_starts_leaves_no_thread() -> None:
    with interrupted(threading.Thread.start.__code__, "return"):
        _ends()


def _ends() -> None:
    threads = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        list(processes.stream(SAYS_A_WORD, Path.cwd(), {}))
    assert set(threading.enumerate()) == threads
