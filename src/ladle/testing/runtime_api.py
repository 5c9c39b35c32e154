"""The Runtime API of Lambda on loopback: the real runtime client runs a handler against it.

One function process at a time. Standard library only.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from ladle.disk.clock import SystemClock

FUNCTION_VERSION: Final = 7
REQUEST_ID: Final = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
_PREFIX: Final = "/2018-06-01/runtime"
_FUNCTION_ARN: Final = "arn:aws:lambda:eu-west-1:111122223333:function:ladle-test:7"
_PATIENCE_S: Final = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Invoked:
    """``failed`` is what Lambda calls FunctionError: the handler raised, ``payload`` says what."""

    payload: Any
    failed: bool


class RuntimeApi:
    """``with RuntimeApi() as api:`` start a process with ``api.environment``, then ``api.invoke``."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def environment(self) -> dict[str, str]:
        """What the runtime client and a handler read of where they are."""
        return {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_address[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": "ladle-test",
            "AWS_LAMBDA_FUNCTION_VERSION": str(FUNCTION_VERSION),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
        }

    def invoke(self, event: Any) -> Invoked:
        """Hands an event to the function and waits for its answer. Raises TimeoutError."""
        return self.invoke_text(json.dumps(event).encode())

    def invoke_text(self, event: bytes) -> Invoked:
        """``event`` as it goes over the wire."""
        self.send(event)
        return self.answer()

    def send(self, event: bytes) -> None:
        """For a function that may die of it: the answer is asked for apart."""
        self._server.events.put(event)

    def answer(self, patience_s: float = _PATIENCE_S) -> Invoked:
        """Raises TimeoutError."""
        return _take(self._server.answers, patience_s)

    def init_error(self) -> Mapping[str, Any]:
        """What the function reported in place of starting. Raises TimeoutError."""
        return _take(self._server.init_errors, _PATIENCE_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a client that waits for its next event is left waiting

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.events: queue.Queue[bytes] = queue.Queue()
        self.answers: queue.Queue[Invoked] = queue.Queue()
        self.init_errors: queue.Queue[Mapping[str, Any]] = queue.Queue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that is killed breaks its connection: that is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Head and body in two writes wait for each other: 92 ms a call in place of 3.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        until = SystemClock().now() + _PATIENCE_S
        self._send(
            200,
            self.server.events.get(),
            {
                "Lambda-Runtime-Aws-Request-Id": REQUEST_ID,
                "Lambda-Runtime-Deadline-Ms": str(round(1000 * until)),
                "Lambda-Runtime-Invoked-Function-Arn": _FUNCTION_ARN,
            },
        )

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        path = self.path.removeprefix(_PREFIX)
        if path == "/init/error":
            self.server.init_errors.put(said)
        else:
            self.server.answers.put(Invoked(said, path.endswith("/error")))
        self._send(202, b"{}", {})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says nothing."""


def _take(waiting: queue.Queue[T], patience_s: float) -> T:
    try:
        return waiting.get(timeout=patience_s)
    except queue.Empty:
        raise TimeoutError(f"the function said nothing for {patience_s:g} s") from None
