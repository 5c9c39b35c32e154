"""A process that dies at any one of its I/O boundaries: before a call takes effect, and after it did.

Boundaries are every call of a port, and every file below one folder that is opened, made, renamed,
linked, changed in its mode or removed (Python's audit events). Each death is a forked child that
ends like one that was killed: nothing is flushed, closed or unlocked by it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

KILLED = 137
_FILE_EVENTS = frozenset(
    {"open", "os.mkdir", "os.rename", "os.link", "os.symlink", "os.chmod", "os.remove", "os.rmdir"}
)
_Port = TypeVar("_Port")


class Fuse:
    """Counts boundaries; at the one that is wanted the process is gone."""

    def __init__(self, burns_at: int) -> None:
        self._left = burns_at
        self._lock = threading.Lock()

    def pass_(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os._exit(KILLED)

    def watch_files(self, folder: Path) -> None:
        """From now on in this process: an audit hook cannot be taken back."""
        below = f"{folder}{os.sep}"

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if event in _FILE_EVENTS and any(_is_below(a, below) for a in arguments):
                self.pass_()

        sys.addaudithook(hook)

    def through(self, port: _Port) -> _Port:
        """The same port, with a boundary before and after each call."""
        return cast("_Port", _Fused(port, self))


class _Fused:
    def __init__(self, port: object, fuse: Fuse) -> None:
        self._port = port
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.pass_()
            answer = found(*arguments, **named)
            self._fuse.pass_()
            return answer

        return call


def _is_below(argument: object, folder: str) -> bool:
    if isinstance(argument, bytes):
        return os.fsdecode(argument).startswith(folder)
    return isinstance(argument, str | os.PathLike) and str(argument).startswith(folder)


@dataclass(frozen=True, slots=True)
class Death:
    """``status`` is KILLED, or 0 when the work ended before the boundary ``at`` was reached."""

    at: int
    status: int


def deaths(work: Callable[[Fuse], None], first: int = 1, step: int = 1) -> Iterator[Death]:
    """``work`` is run and killed at one boundary after the other, until it reaches its end.

    Whoever iterates prepares and looks at the world in between.
    """
    at = first
    while True:
        status = _forked(lambda: work(Fuse(at)))  # noqa: B023 - it is over before ``at`` changes
        yield Death(at, status)
        if status != KILLED:
            return
        at += step


class Story(Protocol):
    """What is done again and again, killed each time a little later."""

    def begin_again(self) -> None:
        """The world as it was before the work."""

    def work(self, fuse: Fuse) -> None: ...

    def wrong_after(self) -> str:
        """What the death broke, also for the run after it; empty when nothing is."""


def parser(about: str | None) -> argparse.ArgumentParser:
    """The arguments of every module that plays a story: where, and which boundaries."""
    asked = argparse.ArgumentParser(description=about)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--first", type=int, default=1)
    asked.add_argument("--step", type=int, default=1)
    return asked


def played(story: Story, first: int, step: int) -> int:
    """Kills ``story`` everywhere, prints the number of points and what went wrong at which."""
    points, wrong = 0, {}
    for death in deaths(story.work, first, step):
        if death.status not in (0, KILLED):
            wrong[death.at] = f"ended with {death.status}"
        elif found := story.wrong_after():
            wrong[death.at] = found
        points += death.status == KILLED
        story.begin_again()
    sys.stdout.write(json.dumps({"points": points, "wrong": wrong}) + "\n")
    return int(bool(wrong))


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        work()
    except BaseException:  # noqa: BLE001 - the child's every end is told by its status
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)
