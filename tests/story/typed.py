"""A command as a terminal runs it: a group of its own, Ctrl-C to the group, and what it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

from ladle.disk.clock import SystemClock

PATIENCE_S = 90.0
CLOCK = SystemClock()


@dataclass
class Typed:
    """``said`` grows while the command runs."""

    process: subprocess.Popen[str]
    folder: Path
    said: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def wait_for(self, ready: Callable[[], bool]) -> None:
        deadline = CLOCK.now() + PATIENCE_S
        while not ready():
            assert self.process.poll() is None, self.text
            assert CLOCK.now() < deadline, self.text
            CLOCK.sleep(0.02)

    def wait_for_process(self, words: str) -> None:
        """Until one that works in this folder has ``words`` in its command line."""
        self.wait_for(lambda: any(words in line for line in processes_in(self.folder).values()))

    def wait_for_line(self, words: str) -> None:
        self.wait_for(lambda: words in self.text)

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(PATIENCE_S)


def _hears_ctrl_c() -> None:
    """What a terminal starts does; what a shell starts in the background ignores it, and so do we."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def typed(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Typed]:
    with subprocess.Popen(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_hears_ctrl_c,  # noqa: PLW1509 - one call, made before any thread of ours runs
    ) as process:
        command = Typed(process, folder)
        reader = Thread(target=lambda: command.said.extend(process.stdout or ()))
        reader.start()
        try:
            yield command
        finally:
            if process.poll() is None:
                command.interrupt()
            reader.join()


def processes_in(folder: Path) -> dict[int, str]:
    """Command lines by pid of all that work in ``folder`` or below it, in whatever session."""
    found: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            works_in = Path(os.readlink(entry / "cwd"))
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it ended, or is not ours
        if line and works_in.is_relative_to(folder):
            found[int(entry.name)] = line
    return found
