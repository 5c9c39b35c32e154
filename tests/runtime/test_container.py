"""What the serving container does on SageMaker, as a process: one word to start it, a model that was put there."""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ladle.quality.lines import RequestLine, parse
from ladle.quality.platform_lines import release_of
from ladle.tools.processes import free_port, inherited, wait_until

DOCKERFILE = Path("runtime/ladle_runtime/images/server/Dockerfile")


def command(root: Path) -> list[str]:
    """What the image runs: its ENTRYPOINT with its CMD, by the Python of this machine."""
    text = (root / DOCKERFILE).read_text(encoding="utf-8")
    found = {word: json.loads(rest) for word, rest in re.findall(r"^(\w+) (\[.*\])$", text, re.M)}
    assert found["ENTRYPOINT"][0] == "python"
    return [sys.executable, *found["ENTRYPOINT"][1:], *found["CMD"]]


@pytest.fixture
def container(
    root: Path, tmp_path: Path, environment: Mapping[str, str], log_key: bytes
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """As SageMaker starts it, but for the address and the port, which are this machine's."""
    given = tmp_path / "opt" / "ml" / "model" / "model.onnx"
    given.parent.mkdir(parents=True)
    shutil.copyfile(environment["LADLE_MODEL_FILE"], given)
    port = free_port()
    asked = [*command(root), "--host", "127.0.0.1", "--port", str(port)]
    told = {
        **inherited(),
        **environment,
        "LADLE_MODEL_FILE": str(given),
        "LADLE_BUNDLE_SHA256": hashlib.sha256(given.read_bytes()).hexdigest(),
        "LADLE_LOG_KEY": log_key.hex(),
        "LADLE_RELEASE": "7",
    }
    log = tmp_path / "log"
    with subprocess.Popen(asked, env=told, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        try:
            wait_until(lambda: ask(port, "GET", "/ping")[0] == 200, process.pid, 30, "it", log)
            yield process, port
        finally:
            process.send_signal(signal.SIGTERM)


def ask(port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"content-type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def test_it_pings_predicts_and_prints_lines_of_its_release(
    container: tuple[subprocess.Popen[str], int], log_key: bytes
) -> None:
    process, port = container
    status, answer = ask(port, "POST", "/invocations", {"inputs": [[1, 2, 3, 4]]})
    assert (status, json.loads(answer)["release"]) == (200, 7)
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=20)
    lines = [parse(line, log_key) for line in printed.splitlines()]
    (line,) = [line for line in lines if isinstance(line, RequestLine)]
    assert line.release == release_of("release-7/i-0123abcd") == 7


def test_nobody_in_it_is_root_and_it_listens_to_everybody(root: Path) -> None:
    text = (root / DOCKERFILE).read_text(encoding="utf-8")
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.M)
    asked = command(root)
    assert asked[asked.index("--host") + 1] == "0.0.0.0"
    assert asked[-1] == "serve"
