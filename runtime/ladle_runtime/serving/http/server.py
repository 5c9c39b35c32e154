"""A server's life: it listens, serves, is told to stop, answers what it has begun, and ends."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import uvloop

from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.http.asgi import App, LazyApp
from ladle_runtime.serving.http.connection import Connection
from ladle_runtime.serving.http.routes import HotRoutes
from ladle_runtime.serving.http.site import Phase, Site
from ladle_runtime.serving.pace import Pace
from ladle_runtime.serving.service import Service


@dataclass(frozen=True, slots=True)
class Stopping:
    """``notice_s``: how long it still takes requests once it says that it is not ready, for load
    balancers to hear of it. ``limit_s``: how long it then waits for answers that it owes.
    """

    notice_s: float = 1.0
    limit_s: float = 8.0


MakeSite = Callable[[ThreadPoolExecutor, int], Site]  # called on the loop, with so many workers


def one_model(service: Service, pace: Pace, make_app: Callable[[], App]) -> MakeSite:
    def make(threads: ThreadPoolExecutor, workers: int) -> Site:
        batcher = Batcher(service, pace, threads, workers)
        return HotRoutes(service, batcher, threads, LazyApp(make_app)).site

    return make


def run(make_site: MakeSite, threads: int, host: str, port: int, stopping: Stopping) -> None:
    """Until SIGTERM or SIGINT; a run of a model takes so many threads.

    Raises OSError for an address that cannot be had.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(make_site, threads, host, port, stopping))


async def _serve(
    make_site: MakeSite, run_threads: int, host: str, port: int, stopping: Stopping
) -> None:
    loop = asyncio.get_running_loop()
    workers = max(1, (os.cpu_count() or 1) // run_threads)
    threads = ThreadPoolExecutor(workers, "ladle-model")
    site = make_site(threads, workers)
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    listener = await loop.create_server(lambda: Connection(site), host, port, backlog=1024)
    sweep = loop.create_task(site.sweep())
    await told.wait()
    site.phase = Phase.STOPPING
    await asyncio.sleep(stopping.notice_s)
    listener.close()
    await _all_answered(site, loop.time() + stopping.limit_s)
    sweep.cancel()
    threads.shutdown(wait=False, cancel_futures=True)


async def _all_answered(site: Site, until: float) -> None:
    """Returns when nothing is owed or arrives any more, or when it has waited long enough."""
    while site.connections and asyncio.get_running_loop().time() < until:
        for connection in tuple(site.connections):
            connection.close_if_idle()
        await asyncio.sleep(0.02)
