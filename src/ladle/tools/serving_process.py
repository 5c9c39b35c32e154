"""``ladle_runtime`` runs as a process of its own: the app that is deployed, on a port of this machine."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from ladle.errors import LadleError
from ladle.tools import processes

READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_NEEDED: Final = ("fastapi", "uvicorn", "orjson", "numpy")


class ServingProcess:
    """Ends when it is stopped, and when this process ends in whatever way."""

    def __init__(self, environment: Mapping[str, str], port: int, quiet: bool = False) -> None:
        """``quiet``: no line a request. Raises LadleError LD428 where the packages that serve are missing, LD707 for a taken port."""
        missing = [name for name in _NEEDED if find_spec(name) is None]
        if missing:
            raise LadleError(
                "LD428",
                f"serving needs packages that are not installed: {', '.join(missing)}",
                "pip install 'ladle[serve,onnx]'",
            )
        if processes.port_taken(port):
            raise LadleError(
                "LD707", f"port {port} is in use by another program", "name another: --port N"
            )
        self._port = port
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ladle_runtime.serving.server_entry"),
                *("--dev", "--with-parent", "--port", str(port)),
            ],
            stdout=subprocess.DEVNULL if quiet else None,
            stdin=subprocess.PIPE,  # its end tells the child that we are gone
            env={**_foreign(processes.inherited()), **environment},
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def peak_mb(self) -> float | None:
        """The most memory that it has held so far; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1000 if found else None

    def wait_until_ready(self) -> None:
        """Raises LadleError LD427 when it ended or never answered; its reason is on stderr."""
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if not self.runs_for(0.05):
                raise LadleError(
                    "LD427",
                    "the model is not served: its process ended while it started",
                    "mend the reason that stands above",
                )
            if self._is_ready():
                return
        raise LadleError(
            "LD427",
            f"the model is not served: its process did not answer within {READY_SECONDS:g} s",
            "look for work in transform.py that does not end",
        )

    def runs_for(self, seconds: float) -> bool:
        """Waits; False as soon as the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return False
        return True

    def stop(self) -> None:
        """No error when it is gone already."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/v2/health/ready")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def _foreign(environment: Mapping[str, str]) -> dict[str, str]:
    """Without our own names: a deployed function knows only what its stack told it."""
    return {k: v for k, v in environment.items() if not k.startswith(("LADLE_", "AWS_LAMBDA_"))}
