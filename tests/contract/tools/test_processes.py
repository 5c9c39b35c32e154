"""A command that is streamed ends with whoever reads it, whenever that is interrupted."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from ladle.tools import processes

SAYS_A_WORD = [sys.executable, "-c", "print('word', flush=True); import time; time.sleep(60)"]
# In the order in which they run; what comes after them is the end itself.
STEPS = ("watched =", "watchers.append", ".start()", "for line in", "yield line")


@contextmanager
def interrupted_before(line: int) -> Iterator[None]:
    """Ctrl-C right before this line of ``stream``, once."""
    left = [KeyboardInterrupt]

    def in_stream(frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line" and frame.f_lineno == line and left:
            raise left.pop()
        return in_stream

    def of_each(frame: FrameType, _event: str, _argument: Any) -> Any:
        return in_stream if frame.f_code is processes.stream.__code__ else None

    before = sys.gettrace()
    sys.settrace(of_each)
    try:
        yield
    finally:
        sys.settrace(before)


def line_of(words: str) -> int:
    lines, first = inspect.getsourcelines(processes.stream)
    [found] = [first + number for number, line in enumerate(lines) if words in line]
    return found


@pytest.mark.parametrize("step", STEPS)
def test_ctrl_c_before_any_step_leaves_neither_a_thread_nor_a_process(step: str) -> None:
    threads = set(threading.enumerate())
    with interrupted_before(line_of(step)), pytest.raises(KeyboardInterrupt):
        list(processes.stream(SAYS_A_WORD, Path.cwd(), {}))
    assert set(threading.enumerate()) == threads
