"""SageMaker's ``InvokeEndpoint`` on a port of this machine, as botocore's model of it says, before a container of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
PASSED = ("content-type", "accept", ATTRIBUTES)  # all that reaches a container
NAME = "ladle-flowers"


@dataclass(frozen=True)
class Said:
    """By a container."""

    status: int
    content_type: str
    body: bytes
    attributes: str | None = None


Container = Callable[[bytes, Mapping[str, str]], Said]


@dataclass
class Endpoint:
    """``refuses`` is what SageMaker answers in place of asking the container: type, status. ``cuts`` so many lines
    before it says anything.
    """

    container: Container
    refuses: tuple[str, int] | None = None
    cuts: int = 0
    asked: list[Mapping[str, str]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, _Server)
        endpoint = self.server.endpoint
        body = self.rfile.read(int(self.headers["content-length"]))
        sent = {name.lower(): value for name, value in self.headers.items()}
        if endpoint.cuts:
            endpoint.cuts -= 1
            self.close_connection = True
            return
        endpoint.asked.append(sent)
        if self.path != f"/endpoints/{NAME}/invocations":
            self._error("ValidationError", 400, {"Message": "Endpoint not found"})
        elif endpoint.refuses is not None:
            self._error(*endpoint.refuses, {"Message": "no"})
        else:
            passed = {name: sent[name] for name in PASSED if name in sent}
            self._answer(endpoint.container(body, passed))

    def _answer(self, said: Said) -> None:
        if said.status != 200:
            text = said.body.decode()
            told = {
                "Message": f"Received error ({said.status}) from primary with message {text}",
                "OriginalStatusCode": said.status,
                "OriginalMessage": text,
                "LogStreamArn": "arn:aws:logs:eu-west-1:111122223333:log-group:secret",
            }
            self._error("ModelError", 424, told)
            return
        attributes = {} if said.attributes is None else {ATTRIBUTES: said.attributes}
        self._send(200, {"content-type": said.content_type, **attributes}, said.body)

    def _error(self, code: str, status: int, told: Mapping[str, Any]) -> None:
        headers = {"content-type": "application/json", "x-amzn-errortype": code}
        self._send(status, headers, json.dumps(told).encode())

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.endpoint = endpoint


@contextmanager
def listening(endpoint: Endpoint) -> Iterator[Endpoint]:
    server = _Server(endpoint)
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
