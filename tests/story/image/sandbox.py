"""What Lambda does around a function: hands it events, ends it at its limits, writes the log.

The failures' lines are in Lambda's words as AWS documents them; that a real log says the same is a
row of ``docs/live-checks.md``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.story.image import engine

from ladle.quality.delivery import LogEvent
from ladle.testing.runtime_api import FUNCTION_VERSION, REQUEST_ID, Invoked, RuntimeApi

STREAM = f"2026/11/23/[{FUNCTION_VERSION}]58419525dade4d17a495dceeeed44708"
_AT = 1_795_400_000.0
_START = f"START RequestId: {REQUEST_ID} Version: {FUNCTION_VERSION}"
_END = f"END RequestId: {REQUEST_ID}"
_REPORT = f"REPORT RequestId: {REQUEST_ID}\tDuration: 900.00 ms\tMemory Size: 512 MB"


@dataclass
class Sandbox:
    """One container that has started, or is about to fail at it."""

    container: engine.Container
    api: RuntimeApi
    timeout_s: float

    def warm_up(self) -> None:
        """Until the first answer the function is starting, and no limit runs."""
        assert self.get("/v2/health/ready")["statusCode"] == 200

    def get(self, path: str) -> Any:
        """Through the door of an HTTP API."""
        context = {"stage": "$default", "http": {"method": "GET", "path": path, "sourceIp": ""}}
        event = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {}}
        asked = {**event, "requestContext": context, "isBase64Encoded": False}
        return self.api.invoke(asked).payload

    def invoke(self, event: Any) -> Invoked:
        """``failed`` when the function died of it, or had not answered in time and was killed."""
        self.api.send(json.dumps(event).encode())
        too_late = time.monotonic() + self.timeout_s
        while self.container.lives():
            try:
                return self.api.answer(patience_s=0.1)
            except TimeoutError:
                if time.monotonic() > too_late:
                    self.container.kill()
                    return Invoked({"errorType": "Sandbox.Timedout"}, failed=True)
        return Invoked({"errorType": "Runtime.ExitError"}, failed=True)

    def log(self, died_of: str | None = None) -> Sequence[LogEvent]:
        """Of the one request that the container has had."""
        return _events([_START, *self.container.lines(), *_ended(died_of)])

    def log_of_failed_init(self, error_type: str) -> Sequence[LogEvent]:
        """Lambda starts a function again for the request that waits, and reports both starts."""
        report = "INIT_REPORT Init Duration: 400.00 ms\tPhase: {}\tStatus: error\tError Type: {}"
        said = self.container.lines()
        return _events(
            [
                *said,
                report.format("init", error_type),
                *said,
                report.format("invoke", error_type),
                _START,
                *_ended(error_type),
            ]
        )


@contextmanager
def sandbox(
    image: str, environment: Mapping[str, str], memory_mb: int = 512, timeout_s: float = 30
) -> Iterator[Sandbox]:
    with RuntimeApi() as api:
        told = {**api.environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb)}
        container = engine.start(image, {**told, **environment}, memory_mb)
        try:
            yield Sandbox(container, api, timeout_s)
        finally:
            container.remove()


def _ended(died_of: str | None) -> Iterator[str]:
    if died_of == "Sandbox.Timedout":
        yield f"2026-11-23T09:30:00.000Z {REQUEST_ID} Task timed out after 2.00 seconds"
    elif died_of == "Runtime.ExitError":
        yield f"RequestId: {REQUEST_ID} Error: Runtime exited with error: signal: killed"
        yield died_of
    yield _END
    yield _REPORT + (f"\tStatus: error\tError Type: {died_of}" if died_of else "")


def _events(lines: Sequence[str]) -> Sequence[LogEvent]:
    return [LogEvent(f"{n:056d}", _AT + n / 1000, line) for n, line in enumerate(lines)]
