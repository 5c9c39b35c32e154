"""The serving container as SageMaker starts it, and as ECS does."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.story.image import engine

from ladle.tools.processes import free_port

PORT = 8080
PATIENCE_S = 60.0
# Runs beside the server where no other process can reach it.
_ASK = """
import base64, http.client, json
asked = json.loads({asked!r})
connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=30)
connection.request(asked["method"], asked["path"], asked["body"], asked["headers"])
answer = connection.getresponse()
print(json.dumps([answer.status, base64.b64encode(answer.read()).decode()]))
"""


@dataclass(frozen=True)
class Server:
    """``port`` is one of this machine's, None where the container has no network at all."""

    container: engine.Container
    port: int | None

    def ask(
        self, method: str, path: str, body: str = "", kind: str = "application/json"
    ) -> tuple[int, bytes]:
        headers = {"content-type": kind}
        if self.port is not None:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()
        asked = json.dumps({"method": method, "path": path, "body": body, "headers": headers})
        status, said = json.loads(self.container.run(_ASK.format(asked=asked, port=PORT)))
        return status, base64.b64decode(said)

    def post(self, path: str, body: Any) -> Any:
        """What is answered with 200."""
        status, said = self.ask("POST", path, json.dumps(body))
        assert status == 200, said
        return json.loads(said)

    def wait_until_ready(self) -> None:
        """As a target does, by ``/ping``."""
        too_late = time.monotonic() + PATIENCE_S
        while time.monotonic() < too_late:
            assert self.container.lives(), self.container.lines()
            try:
                if self.ask("GET", "/ping")[0] == 200:
                    return
            except (OSError, HTTPException, engine.EngineError):
                time.sleep(0.2)
        raise TimeoutError


@contextmanager
def on_sagemaker(
    image: str, environment: Mapping[str, str], folder: Path, options: Sequence[str] = ()
) -> Iterator[Server]:
    """One word, no network, and a folder with the model in it."""
    mounted = f"--volume={folder}:/opt/ml/model:ro"
    asked = ("--network=none", mounted, *options)
    container = engine.start(image, environment, 512, asked, ["serve"])
    try:
        yield Server(container, None)
    finally:
        container.remove()


@contextmanager
def on_ecs(image: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """No word, and a process that hands signals on; but for the address, which is this machine's."""
    port = free_port()
    words = ["--host", "127.0.0.1", "--port", str(port)]
    container = engine.start(image, environment, 512, ("--network=host", "--init"), words)
    try:
        yield Server(container, port)
    finally:
        container.remove()
