"""A collector of spans on a port of this machine, which may be slow, or hostile."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE_S = 30.0


class Collector:
    """``status`` of its answers; while ``go`` is not set it takes no request; ``endless`` bodies."""

    def __init__(self, status: int = 200, endless: bool = False) -> None:
        self.status, self.endless = status, endless
        self.go = threading.Event()
        self.go.set()
        self.raw: list[bytes] = []
        self.headers: list[Mapping[str, str]] = []
        self.spans: list[Span] = []
        self.resources: list[dict[str, Any]] = []
        self.came = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["content-length"]))
                collector.go.wait(PATIENCE_S)
                collector.take(self.path, dict(self.headers.items()), content)
                self.send_response(collector.status, "wörded by a stranger")
                if not collector.endless:
                    self.send_header("content-length", "0")
                self.end_headers()
                while collector.endless:
                    self.wfile.write(b"x" * 65536)

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                """A sender that has heard enough hangs up."""

        self.server = Server(("127.0.0.1", 0), Handler)

    @property
    def environment(self) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.server.server_address[1]}"
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": address}

    def take(self, path: str, headers: Mapping[str, str], content: bytes) -> None:
        assert path == "/v1/traces"
        sent = ExportTraceServiceRequest.FromString(content)
        with self.came:
            self.raw.append(content)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            for of_resource in sent.resource_spans:
                self.resources.append(named(of_resource.resource.attributes))
                for of_scope in of_resource.scope_spans:
                    self.spans += of_scope.spans
            self.came.notify_all()

    def wait_for(self, count: int) -> list[Span]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.spans) >= count, PATIENCE_S), self.spans
            return list(self.spans)


def named(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in attributes:
        assert isinstance(each, KeyValue)
        found[each.key] = getattr(each.value, str(each.value.WhichOneof("value")))
    return found


@contextmanager
def collecting(**how: Any) -> Iterator[Collector]:
    collector = Collector(**how)
    thread = threading.Thread(target=collector.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.go.set()
        collector.endless = False
        collector.server.shutdown()
        collector.server.server_close()
