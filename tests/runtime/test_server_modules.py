"""A server that answers predictions and health loads no web framework, no SDK and no pydantic."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from ladle.tools.processes import free_port

ASK = """
import json, os, signal, socket, sys, threading, time
from ladle_runtime.serving import server_entry

def ask(method, path, body=b""):
    head = f"{method} {path} HTTP/1.1\\r\\ncontent-length: {len(body)}\\r\\n\\r\\n".encode()
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=5) as sock:
                sock.sendall(head + body)
                return sock.recv(65536)
        except ConnectionRefusedError:
            time.sleep(0.05)

def client():
    answers = [
        ask("GET", "/v2/health/ready"),
        ask("GET", "/healthz"),
        ask("GET", "/ping"),
        ask("POST", "/predict", b'{"inputs": [[1, 2, 3, 4]]}'),
        ask("POST", "/invocations", b"[]"),
    ]
    loaded.update(sys.modules)
    statuses.extend(answer.split()[1].decode() for answer in answers)
    os.kill(os.getpid(), signal.SIGTERM)

loaded, statuses = set(), []
threading.Thread(target=client).start()
server_entry.main()
print("\\n" + json.dumps([statuses, sorted(loaded)]))
"""


@pytest.fixture(scope="module")
def answered(environment: Mapping[str, str]) -> tuple[list[str], frozenset[str]]:
    """Statuses, and every module that the server had loaded when it had given them."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, "--port", str(free_port())],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=True,
    )
    statuses, loaded = json.loads(done.stdout.splitlines()[-1])
    return statuses, frozenset(loaded)


def test_it_answers(answered: tuple[list[str], frozenset[str]]) -> None:
    assert answered[0] == ["200", "200", "200", "200", "422"]


@pytest.mark.parametrize(
    "heavy", ["boto3", "botocore", "pydantic", "fastapi", "starlette", "mangum", "uvicorn"]
)
def test_until_another_route_is_asked_for_it_loads_no(
    heavy: str, answered: tuple[list[str], frozenset[str]]
) -> None:
    assert heavy not in answered[1]
