"""Whoever shows a token or a key at a door is known by it; all others are known by their signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from ladle.tools.model_http import HttpPredictor, shown_at_the_door


class Door:
    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                door.seen.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def door() -> Iterator[Door]:
    made = Door()
    Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def sign(_method: str, _url: str, headers: Mapping[str, str], _body: bytes) -> Mapping[str, str]:
    return {**headers, "authorization": "AWS4-HMAC-SHA256"}


@pytest.mark.parametrize(
    ("environ", "authorization", "key"),
    [
        ({}, "AWS4-HMAC-SHA256", None),
        ({"LADLE_TOKEN": "abc"}, "Bearer abc", None),
        ({"LADLE_API_KEY": "k"}, "AWS4-HMAC-SHA256", "k"),
    ],
)
def test_a_token_takes_the_place_of_the_signature_and_a_key_stands_beside_it(
    door: Door, environ: Mapping[str, str], authorization: str, key: str | None
) -> None:
    shown = shown_at_the_door(environ)
    HttpPredictor(lambda _model, _path: door.url, shown, sign).call("fraud", "/predict", {})
    [seen] = door.seen
    assert (seen["authorization"], seen.get("x-api-key")) == (authorization, key)
