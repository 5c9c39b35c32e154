"""Services on ports of this machine: the real server's parts, many of them on one loop in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import uvloop

from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.http.asgi import LazyApp
from ladle_runtime.serving.http.connection import Connection
from ladle_runtime.serving.http.routes import HotRoutes
from ladle_runtime.serving.pace import UNKNOWN
from ladle_runtime.serving.service import Service


class Listening:
    """``port(service)`` opens one; all end together."""

    def __init__(self, loop: asyncio.AbstractEventLoop, threads: ThreadPoolExecutor) -> None:
        self._loop = loop
        self._threads = threads

    @contextmanager
    def port(self, service: Service) -> Iterator[int]:
        server = asyncio.run_coroutine_threadsafe(self._open(service), self._loop).result()
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self._loop.call_soon_threadsafe(server.close)

    async def _open(self, service: Service) -> Any:
        def make_app() -> Any:
            from ladle_runtime.serving.app import build_app

            return build_app(service)

        batcher = Batcher(service, UNKNOWN, self._threads, 1)
        site = HotRoutes(service, batcher, self._threads, LazyApp(make_app)).site
        return await self._loop.create_server(lambda: Connection(site), "127.0.0.1", 0)


@contextmanager
def listening() -> Iterator[Listening]:
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    with ThreadPoolExecutor(1) as threads:
        try:
            yield Listening(loop, threads)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
