"""Every process that Ladle starts belongs to somebody who ends it: by pid, group and all."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ladle.errors import LadleError

_STOP_PATIENCE_S = 5.0
_LOOK_EVERY_S = 1.0
# Servers that this process started; one that another process started is known by its pid alone.
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def inherited(
    extra: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    without: str | None = None,
) -> dict[str, str]:
    """This process's environment and ``extra``; of ours only the variables named in ``only``, and
    none that begins with ``without``.
    """
    kept = {
        k: v
        for k, v in os.environ.items()
        if (only is None or k in only) and (without is None or not k.startswith(without))
    }
    return {**kept, **(extra or {})}


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C takes effect when the block ends. A child runs before ``Popen`` returns, and in a session of
    its own hears nothing of it: interrupted in between, nobody would know whom to end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python interrupts no other thread
        return
    came: list[FrameType | None] = []
    before = signal.signal(signal.SIGINT, lambda _number, frame: came.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came and callable(before):
            before(signal.SIGINT, came[0])


def start(
    argv: Sequence[str],
    log: Path,
    started: list[int],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Starts a server in a session of its own, output to ``log``; returns its pid.

    ``started`` gets the pid too, and has it whenever there is a process, also where Ctrl-C keeps this from
    returning. ``environment`` is the whole of the child's; None hands ours on.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, ctrl_c_waits():
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
        )
        started.append(process.pid)
        _CHILDREN[process.pid] = process
    return process.pid


def lives(pid: int) -> bool:
    """Whether ``pid`` is a running process; a dead child of ours is reaped first."""
    child = _CHILDREN.get(pid)
    if child is not None and child.poll() is not None:
        del _CHILDREN[pid]
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def stop(pid: int) -> None:
    """Asks the process and its group to end, insists after five seconds; no error when it is gone."""
    for sig in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(pid, sig)
        deadline = time.monotonic() + _STOP_PATIENCE_S
        while time.monotonic() < deadline:
            if not lives(pid):
                _signal_group(pid, signal.SIGKILL)  # what the leader left behind
                return
            time.sleep(0.05)


def _signal_group(pid: int, sig: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, sig)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], pid: int, seconds: float, name: str, log: Path) -> None:
    """Waits until a server answers. Raises LD705 when it died or took too long, with its last words."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not lives(pid):
            raise LadleError(
                "LD705", f"{name} ended while it started:\n{_last_words(log)}", f"read {log}"
            )
        if ready():
            return
        time.sleep(0.05)
    raise LadleError(
        "LD705",
        f"{name} did not answer within {seconds:g} s:\n{_last_words(log)}",
        f"read {log}; another process may use all of this machine",
    )


def _last_words(log: Path, lines: int = 12) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(it wrote nothing)"


def stream(
    argv: Sequence[str],
    cwd: Path,
    extra: Mapping[str, str],
    makes_sense: Callable[[], bool] = lambda: True,
) -> Iterator[str | int]:
    """Runs a command and yields its output line by line, at last its exit status.

    The command gets a process group of its own. Leaving the iterator early (Ctrl-C) ends the group,
    and so does ``makes_sense``, asked each second, when it says no.
    """
    ended, watchers = threading.Event(), list[threading.Thread]()
    started: list[subprocess.Popen[str]] = []
    try:
        with ctrl_c_waits():
            process = subprocess.Popen(
                list(argv),
                cwd=cwd,
                env=inherited(extra),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            started.append(process)
        watchers.append(
            threading.Thread(target=_end_when_senseless, args=(process, makes_sense, ended))
        )
        watchers[0].start()
        for line in process.stdout or ():
            yield line.rstrip("\n")
        yield process.wait()
    finally:
        ended.set()
        for watcher in watchers:
            if watcher.is_alive():
                watcher.join()
        for each in started:
            _end(each)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        _signal_group(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _end_when_senseless(
    process: subprocess.Popen[str], makes_sense: Callable[[], bool], ended: threading.Event
) -> None:
    while not ended.wait(_LOOK_EVERY_S):
        if not makes_sense():
            _signal_group(process.pid, signal.SIGTERM)
            return
