"""Real connections and routes on a loop in a thread, for tests that speak HTTP by hand."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import uvloop

from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.http.connection import Connection
from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.routes import HotRoutes
from ladle_runtime.serving.http.site import Limits, Site
from ladle_runtime.serving.pace import measure
from ladle_runtime.serving.service import Service

LIMITS = Limits(head_s=1, body_s=1, linger_s=1, idle_s=2, waiting_requests=8, connections=40)


def elsewhere(exchange: Exchange) -> None:
    """In place of FastAPI: says what it was asked."""
    asked = {"path": exchange.head.path.decode(), "bytes": len(exchange.body)}
    exchange.reply(Answer(200, "application/json", json.dumps(asked).encode()))


class Server:
    """Real connections and routes on a loop in a thread."""

    def __init__(self, service: Any, limits: Limits = LIMITS) -> None:
        self.loop = uvloop.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        self.site, self.port = self.call(self._start(service, limits))

    async def _start(self, service: Any, limits: Limits) -> tuple[Site, int]:
        self.pool = ThreadPoolExecutor(1)
        site = self.make_site(service, limits)
        self.listener = await self.loop.create_server(lambda: Connection(site), "127.0.0.1", 0)
        self.sweep = self.loop.create_task(site.sweep())
        port: int = self.listener.sockets[0].getsockname()[1]
        return site, port

    def make_site(self, service: Any, limits: Limits) -> Site:
        pace = measure(service.run, service.signature.inputs)
        batcher = Batcher(service, pace, self.pool, 1)
        return HotRoutes(service, batcher, self.pool, elsewhere, limits).site

    def call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    async def _end(self) -> None:
        self.sweep.cancel()
        self.listener.close()
        for connection in tuple(self.site.connections):
            connection.connection_lost(None)

    def close(self) -> None:
        self.call(self._end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
        self.pool.shutdown()


@contextmanager
def serving(service: Service, limits: Limits = LIMITS) -> Iterator[Server]:
    server = Server(service, limits)
    try:
        yield server
    finally:
        server.close()


def read_all(sock: socket.socket) -> bytes:
    """Until the server closes."""
    received = b""
    while piece := sock.recv(65536):
        received += piece
    return received


def read_answers(sock: socket.socket, count: int) -> list[tuple[int, bytes]]:
    """Status and body of so many answers."""
    received, answers = b"", []
    while len(answers) < count:
        head, found, rest = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        if not found or length is None or len(rest) < int(length[1]):
            piece = sock.recv(65536)
            assert piece, f"closed after {len(answers)} answers"
            received += piece
            continue
        answers.append((int(head.split()[1]), rest[: int(length[1])]))
        received = rest[int(length[1]) :]
    return answers


def until(is_so: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(200):
        if is_so():
            return
        waiting.wait(0.05)
    raise AssertionError("it never came to pass")
