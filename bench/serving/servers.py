"""A peer's server, started, asked for the right numbers, and ended; and what CPU it used."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnxruntime
from models import Model, rows
from peers import Peer, Setup, answered, request

from ladle.tools.processes import free_port

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all that it started."""
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for file in listed for child in file.read_text().split()]
    return [pid, *(each for child in children for each in tree(child))]


def cpu_s(pids: list[int]) -> float:
    """User and system time, of children that ended too."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        total += sum(map(int, fields[11:15]))
    return total / TICKS


@contextmanager
def serving(peer: Peer, model: Model, file: Path) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server that gives the right numbers."""
    with tempfile.TemporaryDirectory() as folder:
        setup = Setup(file, model.shape, free_port(), Path(folder))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": str(HERE),
            **peer.environment(setup),
        }
        log = Path(folder) / "log"
        process = subprocess.Popen(
            peer.command(setup),
            env=environment,
            cwd=HERE,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for_right_numbers(peer, model, setup, log)
            yield setup.port, process.pid
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_right_numbers(peer: Peer, model: Model, setup: Setup, log: Path) -> None:
    row = rows(model, 1)
    session = onnxruntime.InferenceSession(setup.model_file)
    expected = session.run(None, {"x": row})[0].ravel()
    head, _, body = request(peer, row).partition(b"\r\n\r\n")
    headers = dict(line.split(": ") for line in head.decode().split("\r\n")[1:])
    url = f"http://127.0.0.1:{setup.port}{peer.path}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as answer:
                np.testing.assert_allclose(answered(answer.read(), peer.form), expected, 1e-3, 1e-4)
                return
        except OSError as error:
            last = error
            time.sleep(0.1)
    raise SystemExit(f"{peer.name} never answered: {last}\n{log.read_text()[-2000:]}")
