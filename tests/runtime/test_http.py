"""HTTP as it is spoken by everyone: in pieces, in a row, half closed, too large, too slow, wrong."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.runtime.server_on_a_loop import LIMITS, Server, read_all, read_answers, serving, until

from ladle.disk.clock import SystemClock
from ladle.quality.lines import RequestLine
from ladle_runtime.serving.http.site import Phase
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import Settings

BODY = b'{"inputs": [[1, 2, 3, 4]]}'
PREDICT = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
LIVE = b"GET /v2/health/live HTTP/1.1\r\nhost: x\r\n\r\n"


class Kept:
    """An event log that keeps."""

    def __init__(self) -> None:
        self.lines: list[RequestLine] = []

    def write(self, line: RequestLine, outcomes: Any) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def kept() -> Kept:
    return Kept()


@pytest.fixture(scope="module")
def service(environment: Mapping[str, str], kept: Kept) -> Service:
    return load_service(Settings.from_environment(environment), SystemClock(), kept)


@pytest.fixture(scope="module")
def server(service: Service) -> Iterator[Server]:
    with serving(service) as running:
        yield running


def ask(server: Server, request: bytes) -> tuple[int, Any]:
    with server.connect() as sock:
        sock.sendall(request)
        ((status, body),) = read_answers(sock, 1)
    return status, json.loads(body)


def test_a_request_may_come_byte_by_byte(server: Server) -> None:
    with server.connect() as sock:
        for byte in PREDICT:
            sock.sendall(bytes([byte]))
        ((status, body),) = read_answers(sock, 1)
    assert (status, json.loads(body)["predictions"][0]["label"]) == (200, 2)


def test_a_connection_serves_many_requests_with_heads_new_and_known(server: Server) -> None:
    with server.connect() as sock:
        for request in (PREDICT, PREDICT, LIVE, PREDICT, LIVE, LIVE):
            sock.sendall(request)
            ((status, body),) = read_answers(sock, 1)
            assert status == 200
            assert ("live" in json.loads(body)) == (request is LIVE)


def test_answers_leave_in_the_order_of_their_requests(server: Server) -> None:
    other = PREDICT.replace(b"1, 2, 3, 4", b"0, 0, 0, 0")
    slow = b"POST /predict HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (200_000 + len(BODY))
    slow += BODY + b" " * 200_000  # large: answered in a thread, later than what follows it
    with server.connect() as sock:
        sock.sendall(slow + LIVE + other + PREDICT)
        bodies = [json.loads(body) for _, body in read_answers(sock, 4)]
    assert [b["predictions"][0]["label"] if "predictions" in b else "live" for b in bodies] == [
        2,
        "live",
        0,
        2,
    ]


def test_chunks_are_put_together(server: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in BODY)
    assert ask(server, head + chunks + b"0\r\n\r\n")[0] == 200


@pytest.mark.parametrize(
    ("version", "header", "stays"),
    [
        (b"1.0", b"", False),
        (b"1.0", b"connection: keep-alive\r\n", True),
        (b"1.1", b"", True),
        (b"1.1", b"connection: close\r\n", False),
    ],
)
def test_a_connection_stays_as_long_as_its_version_says(
    server: Server, version: bytes, header: bytes, stays: bool
) -> None:
    request = LIVE.replace(b"1.1", version).replace(b"host: x\r\n", header)
    with server.connect() as sock:
        sock.sendall(request)
        if stays:
            assert read_answers(sock, 1)[0][0] == 200
            sock.sendall(request)
            assert read_answers(sock, 1)[0][0] == 200
        else:
            assert read_all(sock).startswith(b"HTTP/1.1 200")


def test_a_caller_who_has_ended_its_side_still_gets_its_answers(server: Server) -> None:
    with server.connect() as sock:
        sock.sendall(PREDICT + LIVE)
        sock.shutdown(socket.SHUT_WR)
        received = read_all(sock)
    assert received.count(b"HTTP/1.1 200") == 2


def test_a_caller_who_asks_before_it_sends_is_told_to_go_on(server: Server) -> None:
    head = PREDICT.partition(b"\r\n\r\n")[0] + b"\r\nexpect: 100-continue\r\n\r\n"
    with server.connect() as sock:
        sock.sendall(head)
        assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(BODY)
        assert read_answers(sock, 1)[0][0] == 200


def test_a_caller_who_asks_to_send_too_much_is_told_before_it_does(server: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\ncontent-length: 7000000\r\nexpect: 100-continue\r\n\r\n"
    status, problem = ask(server, head)
    assert (status, problem["code"]) == (413, "LD403")


def test_an_offer_of_http_2_is_passed_over(server: Server) -> None:
    upgrade = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"
    request = PREDICT.replace(b"host: x\r\n", upgrade)
    with server.connect() as sock:
        sock.sendall(request + LIVE)
        assert [status for status, _ in read_answers(sock, 2)] == [200, 200]


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "LD436"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "LD436"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "LD436"),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", 400, "LD436"),
        (LIVE.replace(b"host: x", b"content-length: 1\r\ncontent-length: 2"), 400, "LD436"),
        (
            PREDICT.replace(b"host: x", b"transfer-encoding: chunked"),
            400,
            "LD436",
        ),
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\n\r\n", 431, "LD435"),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 40_000, 431, "LD435"),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n", 431, "LD435"),
        (b"POST /predict HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n", 413, "LD403"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_code(
    server: Server, request_: bytes, status: int, code: str
) -> None:
    with server.connect() as sock:
        sock.sendall(request_)
        ((found, body),) = read_answers(sock, 1)
        assert (found, json.loads(body)["code"]) == (status, code)
        assert sock.recv(10) == b""


def test_a_body_without_a_length_ends_at_the_limit(server: Server) -> None:
    head = b"POST /predict HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
    with server.connect() as sock:
        sock.sendall(head)
        for _ in range(120):
            sock.sendall(chunk)
        assert read_answers(sock, 1)[0][0] == 413


@pytest.mark.parametrize("begun", [b"POST /pre", PREDICT[:-3]], ids=["head", "body"])
def test_a_request_that_never_ends_is_given_up(server: Server, begun: bytes) -> None:
    with server.connect() as sock:
        sock.sendall(begun)
        ((status, body),) = read_answers(sock, 1)
    assert (status, json.loads(body)["code"]) == (408, "LD408")


def test_a_connection_that_says_nothing_is_closed(server: Server) -> None:
    with server.connect() as sock:
        assert sock.recv(10) == b""


def test_a_caller_that_leaves_in_the_middle_leaves_nothing_behind(server: Server) -> None:
    for request in (PREDICT, PREDICT[:-3], PREDICT * 5):
        with server.connect() as sock:
            sock.sendall(request)
    assert ask(server, LIVE)[0] == 200
    until(lambda: server.site.waiting_requests == 0)
    assert server.site.waiting_bytes == 0


def test_one_connection_too_many_is_closed(server: Server) -> None:
    held = [server.connect() for _ in range(LIMITS.connections + 5)]
    closed = 0
    for sock in held:
        sock.sendall(LIVE)
        try:
            closed += sock.recv(100) == b""
        except ConnectionError:
            closed += 1
    for sock in held:
        sock.close()
    assert closed >= 5


def test_every_other_route_goes_elsewhere_with_its_whole_body(server: Server) -> None:
    request = PREDICT.replace(b"/predict", b"/other%20place?q=1")
    assert ask(server, request) == (200, {"path": "/other%20place", "bytes": len(BODY)})


def test_while_it_stops_a_server_answers_and_is_not_ready(service: Service) -> None:
    ready = LIVE.replace(b"live", b"ready")
    with serving(service) as server:
        assert ask(server, ready)[0] == 200
        server.site.phase = Phase.STOPPING
        for request, status in ((ready, b"503"), (PREDICT, b"200"), (LIVE, b"200")):
            with server.connect() as sock:
                sock.sendall(request)
                received = read_all(sock)
            assert received.startswith(b"HTTP/1.1 " + status)
            assert b"connection: close" in received


def test_a_large_body_before_a_head_in_pieces_is_no_part_of_that_head(server: Server) -> None:
    body = BODY + b" " * 60_000
    first = b"POST /predict HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    with server.connect() as sock:
        sock.sendall(first + LIVE[:20])
        assert read_answers(sock, 1)[0][0] == 200
        sock.sendall(LIVE[20:])
        assert read_answers(sock, 1)[0][0] == 200
