"""Starts and ends the embedded AWS: the emulator, then the front door, both on loopback."""

from __future__ import annotations

import http.client
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ladle.disk import embedded_state as states
from ladle.disk.clock import SystemClock
from ladle.disk.embedded_state import EmbeddedState
from ladle.errors import LadleError
from ladle.tools import processes

ACCOUNT = "000000000000"
REGION = "us-east-1"
START_SECONDS = 60.0


def find_emulator(root: Path) -> Path:
    """The emulator's program, in a virtual environment of its own at or above ``root``, else beside
    the one that runs Ladle.
    """
    for folder in (root, *root.parents, Path(sys.prefix).parent):
        program = folder / ".venv-embedded" / "bin" / "ministack"
        if program.exists():
            return program
    raise LadleError(
        "LD706",
        "the embedded AWS (MiniStack) is not installed here",
        "run scripts/setup in Ladle's checkout, or here: python3 -m venv .venv-embedded && "
        ".venv-embedded/bin/pip install ministack",
    )


def up(root: Path, port: int | None = None, door_port: int | None = None) -> EmbeddedState:
    """Starts both and writes the state file; what runs already is left and returned."""
    running = status(root)
    if running is not None:
        return running
    down(root)  # what an earlier crash may have left
    for wanted in (port, door_port):
        if wanted is not None and processes.port_taken(wanted):
            raise LadleError(
                "LD707",
                f"port {wanted} is in use by another program",
                "name another with --port or --door-port, or leave it out for a free one",
            )
    endpoint = f"http://127.0.0.1:{port or processes.free_port()}"
    door = f"http://127.0.0.1:{door_port or processes.free_port()}"
    logs = root / ".ladle" / "embedded"
    started: list[int] = []
    try:
        pids = {
            "emulator": _start_emulator(root, endpoint, logs / "emulator.log", started),
            "door": _start_door(endpoint, door, logs / "door.log", started),
        }
        state = EmbeddedState(endpoint, door, ACCOUNT, REGION, pids, SystemClock().now())
        states.save(root, state)
    except BaseException:
        _stop(started)
        states.forget(root)
        raise
    return state


@contextmanager
def emulator(root: Path) -> Iterator[str]:
    """The emulator alone, for as long as the block lasts; yields its endpoint."""
    endpoint = f"http://127.0.0.1:{processes.free_port()}"
    log = root / ".ladle" / "embedded" / "emulator.log"
    started: list[int] = []
    try:
        _start_emulator(root, endpoint, log, started)
        yield endpoint
    finally:
        _stop(started)


def status(root: Path) -> EmbeddedState | None:
    """What runs here and answers; None when anything of it does not."""
    state = states.load(root)
    if state is None or not all(processes.lives(pid) for pid in state.pids.values()):
        return None
    return state if _answers(state.endpoint) and _answers(state.door) else None


def down(root: Path) -> bool:
    """Ends what ``up`` started here; True when there was something."""
    state = states.load(root)
    if state is None:
        return False
    for pid in reversed(list(state.pids.values())):
        if processes.lives(pid):
            processes.stop(pid)
    states.forget(root)
    shutil.rmtree(root / ".ladle" / "embedded" / "tmp", ignore_errors=True)
    return True


def _stop(started: list[int]) -> None:
    for pid in reversed(started):
        processes.stop(pid)


def _start_emulator(root: Path, endpoint: str, log: Path, started: list[int]) -> int:
    program = find_emulator(root)
    scratch = log.parent / "tmp"  # it leaves unpacked functions behind
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {
        # Functions inherit the whole environment of the emulator: hand on as little as it needs.
        **processes.inherited(only=("PATH", "HOME", "LANG")),
        "TMPDIR": str(scratch),
        "BIND_HOST": "127.0.0.1",  # it binds every interface by default
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": endpoint.rsplit(":", 1)[1],
        "AWS_ENDPOINT_URL": endpoint,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    pid = processes.start([str(program)], log, started, environment)
    processes.wait_until(lambda: _answers(endpoint), pid, START_SECONDS, "the embedded AWS", log)
    return pid


def _start_door(endpoint: str, door: str, log: Path, started: list[int]) -> int:
    port = door.rsplit(":", 1)[1]
    module = [sys.executable, "-m", "ladle.embedded.door"]
    options = ["--endpoint", endpoint, "--region", REGION, "--port", port]
    pid = processes.start([*module, *options], log, started)
    processes.wait_until(lambda: _answers(door), pid, START_SECONDS, "the front door", log)
    return pid


def _answers(url: str) -> bool:
    """Any answer to HTTP counts, whatever its status."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
