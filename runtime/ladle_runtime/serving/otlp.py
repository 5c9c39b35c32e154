"""Spans are made and sent by a thread of their own: no collector, slow, dead or hostile, holds a request up.

A request only leaves what its span will say in a queue that has an end. The SDK's own
BatchSpanProcessor is not used: its flush heeds no time-out, and a function must be sure of one.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ladle.disk.clock import SystemClock
from ladle.quality.lines import RequestLine, RequestOutcome
from ladle_runtime.serving.cloudwatch_spans import SignedByRole
from ladle_runtime.serving.settings import RUNTIME, Settings
from ladle_runtime.serving.spans import LAST_WORDS_S, Caller

_LOG: Final = logging.getLogger("ladle")
_EXPORTERS_LOG: Final = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
_WAITING_MAX: Final = 8192  # requests whose spans have not left
_TOGETHER: Final = 128  # spans that are sent at once: more keep the server's own thread waiting
_GATHERED_S: Final = 0.25  # by a server; a function has one request at a time
_SEND_S: Final = 2.0  # for one sending, whatever is tried again
_SAID_EVERY_S: Final = 60.0
_ANSWER_BYTES: Final = 64 * 1024  # of what a collector says
_PARENT_BYTES: Final = 512
_XRAY: Final = {
    key: re.compile(rb"(?:^|;)\s*" + pattern)
    for key, pattern in {
        "trace": rb"Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)",
        "parent": rb"Parent=([0-9a-f]{16})(?:;|$)",
        "sampled": rb"Sampled=([01])(?:;|$)",
    }.items()
}


def open_spans(served: Sequence[Settings], env: Mapping[str, str], in_function: bool) -> OtlpSpans:
    """To where the standard variables of the process say, with their headers and attributes."""
    session = requests.Session()
    session.stream = True
    session.auth = SignedByRole(env, SystemClock())
    session.hooks["response"].append(_read_little)
    exporter = OTLPSpanExporter(session=session, timeout=_SEND_S)
    return OtlpSpans(served, exporter, in_function)


class _Waiting(NamedTuple):
    """What becomes a span: nothing of a request's content, no header but its trace."""

    line: RequestLine
    method: str
    path: str
    parent: str


class OtlpSpans:
    """Of all models of a process."""

    def __init__(
        self, served: Sequence[Settings], exporter: SpanExporter, in_function: bool
    ) -> None:
        self._digests = {(each.model, each.release): each.release_digest for each in served}
        self._scheme = "https" if in_function else "http"  # at the door, and from it to a server
        self._gathered_s = 0.0 if in_function else _GATHERED_S
        self._exporter = exporter
        self._ended = _Ended()
        provider = TracerProvider(
            resource=_resource(served), shutdown_on_exit=False, id_generator=_Drawn()
        )
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("ladle", RUNTIME)
        self._losses = _Losses()
        self._waiting: deque[_Waiting] = deque()
        self._some = threading.Event()
        self._all_left = threading.Event()
        self._all_left.set()
        self._is_too_slow = False
        threading.Thread(target=self._drain, name="ladle-spans", daemon=True).start()

    def add(self, line: RequestLine, caller: Caller | None) -> None:
        """When so many wait, the newest are dropped and counted."""
        if len(self._waiting) >= _WAITING_MAX:
            self._losses.add(1)
            return
        method, path, parent = "", "", ""
        if caller is not None:
            method, path = caller.method.decode("latin-1"), caller.path.decode("latin-1")
            parent = _parent(caller.fields)
        self._waiting.append(_Waiting(line, method, path, parent))
        if not self._some.is_set():
            self._all_left.clear()
            self._some.set()

    def flush(self, within_s: float = LAST_WORDS_S) -> None:
        """Who has waited in vain once waits no more, until the collector has taken something."""
        if not self._is_too_slow:
            self._is_too_slow = not self._all_left.wait(within_s)

    def _drain(self) -> None:
        while True:
            self._some.wait()
            time.sleep(self._gathered_s)
            self._some.clear()  # before taking: what comes after this sets it again
            left = len(self._waiting)
            while left > 0:
                self._send([self._waiting.popleft() for _ in range(min(left, _TOGETHER))])
                left -= _TOGETHER
            if not self._some.is_set():
                self._all_left.set()

    def _send(self, batch: Sequence[_Waiting]) -> None:
        try:
            for each in batch:
                self._make(each)
            spans = self._ended.take()
            if not spans:
                return  # no sampler wanted them
            has_left = self._exporter.export(spans) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 - this thread outlives whatever a collector does
            has_left = False
        if has_left:
            self._is_too_slow = False
        else:
            self._losses.add(len(batch))

    def _make(self, waiting: _Waiting) -> None:
        line = waiting.line
        end_ns = round(line.at * 1e6) * 1000  # a float knows no finer
        span = self._tracer.start_span(
            f"{waiting.method} {waiting.path}" if waiting.path else "predict",
            TraceContextTextMapPropagator().extract({"traceparent": waiting.parent}),
            SpanKind.SERVER,
            self._attributes(waiting),
            start_time=end_ns - round(line.latency_ms * 1e6),
        )
        if line.outcome is RequestOutcome.FAILED:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", str(line.status))
        span.end(end_ns)

    def _attributes(self, waiting: _Waiting) -> Mapping[str, str | int]:
        """https://opentelemetry.io/docs/specs/semconv/http/http-spans/; a path is one of our table."""
        line = waiting.line
        asked = {
            "http.request.method": waiting.method,
            "http.route": waiting.path,
            "url.path": waiting.path,
            "url.scheme": self._scheme,
        }
        return {
            **(asked if waiting.path else {}),
            "http.response.status_code": line.status,
            "ladle.model": line.model,
            "ladle.release": line.release,
            "ladle.release_digest": self._digests.get((line.model, line.release), ""),
            "ladle.request_id": line.request_id,
            "ladle.outcome": str(line.outcome),
        }


class _Ended(SpanProcessor):
    """Keeps what the sampler wants, for the thread that made it."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        if span.context is not None and span.context.trace_flags.sampled:
            self._spans.append(span)

    def take(self) -> Sequence[ReadableSpan]:
        spans, self._spans = self._spans, []
        return spans


class _Drawn(IdGenerator):
    """From the system, and not from Python's generator: a snapshot of a process would repeat that."""

    def generate_span_id(self) -> int:
        return int.from_bytes(os.urandom(8)) or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(os.urandom(16)) or 1

    def is_trace_id_random(self) -> bool:
        return True


class _Losses(logging.Filter):
    """Of spans, told in one line a minute at most. It takes the exporter's own lines in, of which
    only a status is said: a collector words the rest, and it knows our headers.
    """

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._next_at = 0.0
        self._why = "it was not reached"
        self._lock = threading.Lock()
        _EXPORTERS_LOG.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        said = [each for each in record.args or () if isinstance(each, int)]
        self._why = f"it answered {said[0]}" if said else "it was not reached"
        return False

    def add(self, count: int) -> None:
        with self._lock:
            self._count += count
            if time.monotonic() < self._next_at:
                return
            lost, self._count = self._count, 0
            self._next_at = time.monotonic() + _SAID_EVERY_S
        _LOG.warning("spans that did not reach the collector: %d; %s", lost, self._why)


def _resource(served: Sequence[Settings]) -> Resource:
    """What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say goes before what we know."""
    named = {"service.name": "ladle"}
    if len(served) == 1:
        named = {"service.name": served[0].model, "service.version": str(served[0].release)}
    return Resource.create(named).merge(OTELResourceDetector().detect())


def _parent(fields: Mapping[bytes, bytes]) -> str:
    """The caller's ``traceparent``, else the same of X-Ray's header; never ``tracestate``, which is
    the caller's to write in.
    """
    said = fields.get(b"traceparent")
    if said is not None:
        return said.decode("latin-1") if len(said) <= _PARENT_BYTES else ""
    said = fields.get(b"x-amzn-trace-id", b"")
    if not said or len(said) > _PARENT_BYTES:
        return ""
    found = [pattern.search(said) for pattern in _XRAY.values()]
    parts = [part.decode() for each in found if each is not None for part in each.groups()]
    return "00-{}{}-{}-0{}".format(*parts) if len(parts) == 4 else ""


def _read_little(response: requests.Response, *_: Any, **__: Any) -> None:
    """Of a body that need not end; one that does leaves its connection to the next sending."""
    if len(response.raw.read(_ANSWER_BYTES, decode_content=False)) == _ANSWER_BYTES:
        response.close()
