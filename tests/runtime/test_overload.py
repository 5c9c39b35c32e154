"""Runs are shared and faults are not; too much is refused at once; a server that is told to stop, ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ladle.disk.clock import SystemClock
from ladle.experiments.manifest import Signature, TensorSpec
from ladle.quality.lines import RequestLine
from ladle.tools.processes import free_port, port_taken, wait_until
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.batching import Batcher
from ladle_runtime.serving.codecs.formats import REST
from ladle_runtime.serving.http.exchange import Exchange
from ladle_runtime.serving.http.head import Head
from ladle_runtime.serving.http.routes import HotRoutes
from ladle_runtime.serving.pace import Pace, measure
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.settings import Settings
from ladle_runtime.serving.transform import Transform

SHARED = Pace(shares_runs=True, fixed_s=1e-5, row_s=1e-6)


class Doubler:
    """A backend that remembers its runs; 13 it does not take, and at 99 it breaks."""

    signature = Signature(
        (TensorSpec("x", "float", (None, 1)),), (TensorSpec("y", "float", (None, 1)),)
    )

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.go = threading.Event()
        self.go.set()

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        self.go.wait(10)
        x = inputs["x"]
        self.runs.append(len(x))
        if 13 in x:
            raise ValueError("13")
        if 99 in x:
            raise RuntimeError("99")
        return {"y": x * 2}


class Kept:
    """An event log that keeps."""

    def __init__(self) -> None:
        self.lines: list[RequestLine] = []

    def write(self, line: RequestLine, outcomes: Any) -> None:
        self.lines.append(line)


@pytest.fixture
def backend() -> Doubler:
    return Doubler()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def service(environment: Mapping[str, str], backend: Doubler, kept: Kept) -> Service:
    settings = Settings.from_environment(environment)
    return Service(settings, backend, Transform(), kept, SystemClock())


def predict(routes: HotRoutes, value: float) -> asyncio.Future[Answer]:
    """What the routes answer to a request that has arrived."""
    answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    head = Head(method=b"POST", path=b"/predict", keeps_alive=True)
    body = json.dumps({"inputs": [[value]]}).encode()
    routes(Exchange(head, body, False, lambda done: answered.set_result(done.answer)))
    return answered


@contextmanager
def routes_of(service: Service, pace: Pace) -> Iterator[HotRoutes]:
    with ThreadPoolExecutor(1) as pool:
        yield HotRoutes(service, Batcher(service, pace, pool, 1), pool, lambda _: None)


async def all_at_once(service: Service, pace: Pace, values: list[float]) -> list[Answer]:
    """As if all had arrived in one tick of the loop."""
    with routes_of(service, pace) as routes:
        return await asyncio.gather(*[predict(routes, value) for value in values])


def doubled(answer: Answer) -> float:
    value: float = json.loads(answer.body)["predictions"][0]["y"][0]
    return value


def test_what_is_ready_in_one_tick_shares_a_run(service: Service, backend: Doubler) -> None:
    values = [float(n) for n in range(30, 80)]
    answers = asyncio.run(all_at_once(service, SHARED, values))
    assert backend.runs == [50]
    assert [doubled(answer) for answer in answers] == [2 * value for value in values]


def test_a_model_that_gains_nothing_runs_each_alone(service: Service, backend: Doubler) -> None:
    pace = Pace(shares_runs=False, fixed_s=1e-5, row_s=0)
    asyncio.run(all_at_once(service, pace, [1.0, 2.0, 3.0]))
    assert backend.runs == [1, 1, 1]


def test_nobody_answers_for_a_neighbour(service: Service, kept: Kept) -> None:
    answers = asyncio.run(all_at_once(service, SHARED, [1.0, 13.0, 2.0, 99.0, 3.0]))
    assert [answer.status for answer in answers] == [200, 422, 200, 500, 200]
    assert [doubled(answers[at]) for at in (0, 2, 4)] == [2, 4, 6]
    assert sorted(line.outcome for line in kept.lines) == ["failed"] * 2 + ["ok"] * 3


def test_a_slow_model_runs_in_a_thread_and_what_comes_meanwhile_shares_the_next_run(
    service: Service, backend: Doubler
) -> None:
    async def two_waves() -> None:
        slow = Pace(shares_runs=True, fixed_s=0.01, row_s=1e-4)
        with routes_of(service, slow) as routes:
            backend.go.clear()
            first = predict(routes, 1.0)
            await asyncio.sleep(0.05)  # the loop is free while the model runs
            others = [predict(routes, value) for value in (2.0, 3.0, 4.0)]
            backend.go.set()
            await asyncio.gather(first, *others)

    asyncio.run(two_waves())
    assert backend.runs == [1, 3]


def test_what_would_wait_too_long_is_refused_and_later_taken_again(
    service: Service, backend: Doubler, kept: Kept
) -> None:
    async def flood() -> list[Answer]:
        slow = Pace(shares_runs=False, fixed_s=2.0, row_s=0)
        with routes_of(service, slow) as routes:
            backend.go.clear()
            asked = [predict(routes, 1.0) for _ in range(12)]
            backend.go.set()
            return [*await asyncio.gather(*asked), await predict(routes, 1.0)]

    answers = asyncio.run(flood())
    refused = [answer for answer in answers if answer.status == 503]
    assert 1 <= len(refused) < 12
    assert all(int(dict(answer.headers)["retry-after"]) >= 1 for answer in refused)
    assert answers[-1].status == 200
    assert len(kept.lines) == 13


def test_a_trial_finds_whose_rows_may_share_a_run() -> None:
    one = (TensorSpec("x", "float", (None, 1)),)

    def costs_by_run(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"y": inputs["x"] * (sum(range(20_000)) > 0)}

    def over_all_rows(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"y": inputs["x"] - inputs["x"].mean(axis=0) + (sum(range(20_000)) > 0)}

    def refuses(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError("made-up rows")

    def costs_by_row(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"y": np.array([[sum(range(20_000))] for _ in inputs["x"]])}

    assert measure(costs_by_run, one).shares_runs
    assert not measure(over_all_rows, one).shares_runs
    assert not measure(costs_by_row, one).shares_runs
    assert not measure(refuses, one).shares_runs
    assert not measure(costs_by_run, (TensorSpec("x", "float", (1, 1)),)).shares_runs


@contextmanager
def started(environment: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ladle_runtime.serving.server_entry", "--port", str(port)],
        env=dict(environment),
        stdout=subprocess.PIPE,
    )
    try:
        wait_until(lambda: port_taken(port), process.pid, 30, "the server", Path(os.devnull))
        yield process, port
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_sigterm_loses_no_request(environment: Mapping[str, str]) -> None:
    """Callers who keep asking get an answer to each request, until they are told to go elsewhere."""
    body = b'{"inputs": [[1, 2, 3, 4]]}'
    request = b"POST /predict HTTP/1.1\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)

    def keep_asking(port: int, started: threading.Event) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            while True:
                sock.sendall(request)
                answer = sock.recv(65536)
                started.set()
                if not answer.startswith(b"HTTP/1.1 200") or b"connection: close" in answer:
                    return answer

    with started(environment) as (process, port), ThreadPoolExecutor(8) as callers:
        asking = [threading.Event() for _ in range(8)]
        last = [callers.submit(keep_asking, port, each) for each in asking]
        for each in asking:
            each.wait(20)
        process.send_signal(signal.SIGTERM)
        answers = [future.result(20) for future in last]
        assert process.wait(15) == 0
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer


def test_a_caller_who_hangs_does_not_hold_a_server_back(environment: Mapping[str, str]) -> None:
    with (
        started(environment) as (process, port),
        socket.create_connection(("127.0.0.1", port), timeout=20) as sock,
    ):
        sock.sendall(b"POST /predict HTTP/1.1\r\ncontent-length: 10\r\n\r\nx")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_reading_by_the_quick_codec_is_one_reading(service: Service) -> None:
    asked = service.read(b'{"inputs": [[4]]}', REST)
    assert not isinstance(asked, Answer)
    assert doubled(service.complete(asked)) == 8
