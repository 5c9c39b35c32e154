"""A server that is offered twice what it can answer: what it answers, what it refuses, how it recovers.

The 1 ms convolution in raw float32. First what 32 busy connections get answered a second: the capacity.
Then twice that for some seconds, each request at its own time whether earlier ones are answered or
not, on as many connections as that takes. Then a lone caller, until an answer takes less than twice what
it took before. Capacity is measured under the noise of its neighbours, so the load is about twice.
"""

from __future__ import annotations

import json
import select
import socket
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent / "serving"
sys.path.insert(0, str(HERE))

from load import missing, run  # noqa: E402
from models import MODELS, rows  # noqa: E402
from peers import PEERS, request  # noqa: E402
from servers import serving  # noqa: E402

ROUNDS = 3
BUSY, OFFERED_S, CALM_S, DRAIN_S = 32, 6.0, 2.0, 20.0
PEER = PEERS["ladle raw"]


@dataclass(slots=True)
class Outcome:
    """Seconds from when a request was due to its whole answer, by what was answered."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    without_retry_after: int = 0
    other: int = 0
    connections: int = 0

    def take(self, data: bytes, seconds: float) -> None:
        if data.startswith(b"HTTP/1.1 200"):
            self.answered.append(seconds)
        elif data.startswith(b"HTTP/1.1 503"):
            self.refused.append(seconds)
            self.without_retry_after += b"\r\nretry-after: " not in data
        else:
            self.other += 1


class Callers:
    """Connections that are opened when all others wait for their answer."""

    def __init__(self, port: int, asked: bytes) -> None:
        self._port, self._asked = port, asked
        self._poller = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._idle: list[int] = []
        self._due: dict[int, float] = {}
        self._buffers: dict[int, bytes] = {}
        self.outcome = Outcome()

    def send(self, due: float) -> None:
        if not self._idle:
            sock = socket.create_connection(("127.0.0.1", self._port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets[sock.fileno()] = sock
            self._poller.register(sock.fileno(), select.EPOLLIN)
            self._idle.append(sock.fileno())
            self.outcome.connections += 1
        fd = self._idle.pop()
        self._due[fd], self._buffers[fd] = due, b""
        self._sockets[fd].sendall(self._asked)

    def receive(self, wait_s: float) -> None:
        for fd, _ in self._poller.poll(wait_s):
            data = self._buffers[fd] + self._sockets[fd].recv(65536)
            if missing(data) != 0:
                self._buffers[fd] = data
                continue
            self.outcome.take(data, time.perf_counter() - self._due.pop(fd))
            self._idle.append(fd)

    @property
    def waiting(self) -> int:
        return len(self._due)


def offer(port: int, asked: bytes, rate: float) -> Outcome:
    callers, begun = Callers(port, asked), time.perf_counter()
    sent, total = 0, int(rate * OFFERED_S)
    while sent < total:
        now = time.perf_counter()
        while sent < total and begun + sent / rate <= now:
            callers.send(begun + sent / rate)
            sent += 1
        callers.receive(0.001)
    end = time.perf_counter() + DRAIN_S
    while callers.waiting and time.perf_counter() < end:
        callers.receive(0.1)
    callers.outcome.other += callers.waiting
    return callers.outcome


def recovery_s(port: int, asked: bytes, calm_us: float) -> float:
    begun = time.perf_counter()
    while run(port, 1, 0.02, asked)["p50_us"] > 2 * calm_us:
        pass
    return time.perf_counter() - begun


def measure(file: Path, asked: bytes) -> dict[str, float]:
    with serving(PEER, MODELS["conv"], file) as (port, _):
        calm = run(port, 1, CALM_S, asked)
        busy = run(port, BUSY, CALM_S, asked)
        capacity = busy["completed"] / busy["seconds"]
        found = offer(port, asked, 2 * capacity)
        offered = len(found.answered) + len(found.refused) + found.other
        answered = sorted(found.answered)
        return {
            "capacity, requests/s": capacity,
            "offered": offered,
            "answered, share": len(answered) / offered,
            "answered in a second of the load, by capacity": len(answered) / OFFERED_S / capacity,
            "answered, p50 ms": answered[len(answered) // 2] * 1e3,
            "answered, p99 ms": answered[int(len(answered) * 0.99)] * 1e3,
            "refused with 503, share": len(found.refused) / offered,
            "refused, p50 ms": statistics.median(found.refused or [0.0]) * 1e3,
            "503 without Retry-After": found.without_retry_after,
            "no answer, or another": found.other,
            "connections": found.connections,
            "calm again after, ms": recovery_s(port, asked, calm["p50_us"]) * 1e3,
        }


def main() -> None:
    asked = request(PEER, rows(MODELS["conv"], 1))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        file.write_bytes(MODELS["conv"].make())
        found = [measure(file, asked) for _ in range(ROUNDS)]
    for name in found[0]:
        each = [round(of[name], 3) for of in found]
        print(f"{name:50}{statistics.median(each):12.3f}   {json.dumps(each)}")


if __name__ == "__main__":
    main()
