"""Whoever shows a token or a key at a door is known by it; all others are known by their signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from ladle.errors import Unavailable
from ladle.tools.model_http import HttpPredictor, shown_at_the_door


class Door:
    def __init__(self) -> None:
        self.seen: list[Mapping[str, str]] = []
        self.status, self.looks, self.meanwhile = 200, 0, 202
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                door.seen.append({k.lower(): v for k, v in self.headers.items()})
                self.send_response(door.status)
                self.send_header("Content-Length", "2")
                if door.status == 202 and self.path == "/live/predict":
                    self.send_header("Location", "predictions/job-1")
                self.end_headers()
                self.wfile.write(b"{}")

            def do_GET(self) -> None:
                door.looks += 1
                done = door.looks == 3
                self.send_response(200 if done else door.meanwhile)
                content = b'{"predictions": [1]}' if done else b"{}"
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

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


@pytest.mark.parametrize("meanwhile", [202, 429, 503])
def test_an_answer_that_is_made_later_is_waited_for(door: Door, meanwhile: int) -> None:
    door.status, door.meanwhile = 202, meanwhile
    waited: list[float] = []
    caller = HttpPredictor(lambda _model, _path: f"{door.url}/live", {}, sign, waited.append)
    assert caller.call("fraud", "/predict", {}) == (200, {"predictions": [1]})
    assert (len(waited), door.looks) == (3, 3)


def test_one_that_never_comes_is_told_with_its_address(door: Door) -> None:
    door.status, door.looks = 202, 3
    caller = HttpPredictor(lambda _model, _path: f"{door.url}/live", {}, sign, lambda _s: None)
    with pytest.raises(Unavailable, match="LD444"):
        caller.call("fraud", "/predict", {})


def test_labels_are_taken_at_once(door: Door) -> None:
    door.status = 202
    caller = HttpPredictor(lambda _model, _path: f"{door.url}/live", {}, sign)
    assert caller.call("fraud", "/feedback", []) == (202, {})
