"""Keeps N connections busy with one request each, and prints what came back: a process of its own.

Sockets and epoll by hand: about a third of what the quickest server here spends on a request, so
that on the second core it is never what limits.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time
from pathlib import Path

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MAX_SAMPLES = 200_000


def missing(buffer: bytes) -> int:
    """Bytes that the response in ``buffer`` still lacks; -1 when that is not known yet."""
    head, found, body = buffer.partition(b"\r\n\r\n")
    if not found:
        return -1
    length = LENGTH.search(head)
    if length is not None:
        return int(length[1]) - len(body)
    return 0 if body.endswith(b"0\r\n\r\n") else -1


def run(port: int, connections: int, seconds: float, request: bytes) -> dict[str, float]:
    poller = select.epoll()
    sockets, buffers, sent = {}, {}, {}
    for _ in range(connections):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[sock.fileno()], buffers[sock.fileno()] = sock, b""
        poller.register(sock.fileno(), select.EPOLLIN)
    clock, taken, bad, completed = time.perf_counter, [], 0, 0
    begun = clock()
    for fd, sock in sockets.items():
        sent[fd] = clock()
        sock.sendall(request)
    while (now := clock()) - begun < seconds:
        for fd, _ in poller.poll(1):
            sock = sockets[fd]
            data = buffers[fd] + sock.recv(65536)
            if missing(data) != 0:
                if not data:
                    raise ConnectionError("the server closed a connection")
                buffers[fd] = data
                continue
            buffers[fd] = b""
            now = clock()
            taken.append(now - sent[fd])
            completed += 1
            bad += not data.startswith(b"HTTP/1.1 200")
            sent[fd] = now
            sock.sendall(request)
    taken = sorted(taken[-MAX_SAMPLES:])
    return {
        "completed": completed,
        "bad": bad,
        "seconds": now - begun,
        "p50_us": taken[len(taken) // 2] * 1e6,
        "p99_us": taken[int(len(taken) * 0.99)] * 1e6,
    }


if __name__ == "__main__":
    port, connections, seconds, path = sys.argv[1:]
    done = run(int(port), int(connections), float(seconds), Path(path).read_bytes())
    print(json.dumps(done))
