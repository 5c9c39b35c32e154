"""A million events and fifty thousand requests that nobody should send: each answered or refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.hostile_events import fault_of_result, hostile_events
from tests.runtime.onnx_nodes import Silent

from ladle.actions.hostile_requests import HostileRequest, fault_of, hostile_requests
from ladle.disk.clock import SystemClock
from ladle.tools.http_caller import HttpCaller
from ladle.tools.processes import free_port, port_taken, wait_until
from ladle_runtime.serving.app import build_app
from ladle_runtime.serving.lambda_doors import LambdaDoors
from ladle_runtime.serving.service import load_service
from ladle_runtime.serving.settings import Settings

pytestmark = [pytest.mark.gate, pytest.mark.timeout(3600)]

EVENTS = 1_000_000
REQUESTS = 50_000
LARGE = 2_000  # before them, one in six megabytes long: afterwards memory has its size
GROWTH = 1.1  # of the largest memory seen in the first half


def resident_kib(pid: int | str = "self") -> int:
    """0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


class Memory:
    """Looks once in a thousand; the second half may not reach higher than the first."""

    def __init__(self, pid: int | str, total: int) -> None:
        self._pid, self._half = pid, total // 2
        self.first = self.second = 0

    def look(self, number: int) -> None:
        if number % 1000:
            return
        now = resident_kib(self._pid)
        if number < self._half:
            self.first = max(self.first, now)
        else:
            self.second = max(self.second, now)

    def is_flat(self) -> bool:
        return self.second <= self.first * GROWTH


def say(what: str, counts: Mapping[Any, int], memory: Memory) -> None:
    print(what, json.dumps({str(k): n for k, n in sorted(counts.items())}))
    print(f"memory: {memory.first} KiB at most in the first half, {memory.second} in the second")


def test_a_million_events_are_answered_or_refused(environment: Mapping[str, str]) -> None:
    service = load_service(Settings.from_environment(environment), SystemClock(), Silent())
    handle, memory = LambdaDoors(service), Memory("self", EVENTS)
    counts: Counter[int] = Counter()
    events = islice(hostile_events(build_app(service).openapi(), seed=4), EVENTS)
    for number, event in enumerate(events):
        result = handle(event, None)
        assert fault_of_result(result) is None, (number, event, result)
        counts[result.get("statusCode", result.get("status", 200))] += 1
        memory.look(number)
    say("events by status:", counts, memory)
    assert counts[200] > EVENTS / 20
    assert memory.is_flat()


@contextmanager
def server(environment: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ladle_runtime.serving.server_entry", "--port", str(port)],
        env=dict(environment),
        stdout=subprocess.DEVNULL,
    )
    with process:
        try:
            wait_until(lambda: port_taken(port), process.pid, 30, "the server", Path("/dev/null"))
            yield port, process.pid
        finally:
            process.terminate()


def ask(caller: HttpCaller, request: HostileRequest) -> tuple[int, bytes]:
    return caller(request.method, request.path, request.headers, request.body)


def test_fifty_thousand_requests_are_answered_or_refused(environment: Mapping[str, str]) -> None:
    counts: Counter[int] = Counter()
    with server(environment) as (port, pid), HttpCaller(port) as caller:
        memory = Memory(pid, REQUESTS)
        openapi = json.loads(caller("GET", "/openapi.json", {}, b"")[1])
        for request in islice(hostile_requests(openapi, seed=5, large=20), LARGE):
            assert fault_of(*ask(caller, request)) is None
        requests = islice(hostile_requests(openapi, seed=4), REQUESTS)
        for number, request in enumerate(requests):
            status, body = ask(caller, request)
            assert fault_of(status, body) is None, (number, request, status, body)
            counts[status] += 1
            memory.look(number)
    say("requests by status:", counts, memory)
    assert counts[200] > REQUESTS / 20
    assert memory.is_flat()
