"""A span is its request's line, below the caller's; what cannot leave is dropped and counted."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from ladle.quality.lines import RequestLine, RequestOutcome
from ladle_runtime.serving.otlp import OtlpSpans
from ladle_runtime.serving.spans import Asking

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
W3C = f"00-{TRACE}-{PARENT}-01".encode()
XRAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled=1".encode()


class Kept(SpanExporter):
    """Takes spans once it is let go; says that ``result`` became of them."""

    def __init__(self, result: SpanExportResult = SpanExportResult.SUCCESS) -> None:
        self.result = result
        self.go, self.began = threading.Event(), threading.Event()
        self.go.set()
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.began.set()
        self.go.wait(10)
        self.spans += spans
        return self.result


def line(outcome: RequestOutcome = RequestOutcome.OK, status: int = 200) -> RequestLine:
    at = 1_795_400_000.25
    return RequestLine("flowers", 7, "i" * 22, at, outcome, status, 1.5, 2, False, 60.0)


def caller(**headers: bytes) -> Asking:
    fields = {name.replace("_", "-").encode(): value for name, value in headers.items()}
    return Asking(b"POST", b"/predict", fields)


def span_of(said: RequestLine, asked: Asking | None) -> ReadableSpan:
    kept = Kept()
    spans = OtlpSpans([], kept, in_function=True)
    spans.add(said, asked)
    spans.flush(10)
    [span] = kept.spans
    return span


def parent_of(**headers: bytes) -> str | None:
    span = span_of(line(), caller(**headers))
    if span.parent is None:
        return None
    assert span.context is not None
    assert span.context.trace_id == span.parent.trace_id
    return f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}"


def test_a_span_lasts_as_long_as_its_line_says() -> None:
    span = span_of(line(), caller())
    assert (span.end_time, span.start_time) == (
        1_795_400_000_250_000_000,
        1_795_400_000_248_500_000,
    )


def test_only_a_failure_of_the_release_is_an_error() -> None:
    failed = span_of(line(RequestOutcome.FAILED, 500), caller())
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "500"
    rejected = span_of(line(RequestOutcome.REJECTED, 422), caller())
    assert rejected.status.status_code is StatusCode.UNSET


def test_a_direct_invoke_has_a_span_that_claims_no_route() -> None:
    span = span_of(line(), None)
    assert span.name == "predict"
    assert "http.route" not in dict(span.attributes or {})


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": W3C},
        {"x_amzn_trace_id": XRAY},
        {"x_amzn_trace_id": b"Self=1-0-0;" + XRAY + b";Lineage=1:2:3"},
        {"traceparent": W3C, "x_amzn_trace_id": b"Root=1-00000000-0;Parent=f;Sampled=1"},
    ],
)
def test_the_callers_span_is_the_parent(headers: dict[str, bytes]) -> None:
    assert parent_of(**headers) == f"{TRACE}-{PARENT}"


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": b""},
        {"traceparent": W3C.upper()},
        {"traceparent": W3C + b"-more"},
        {"traceparent": b"ff" + W3C[2:]},
        {"traceparent": b"00-" + b"0" * 32 + W3C[35:]},
        {"traceparent": W3C + b" " * 600},
        {"traceparent": b"\xff\x00", "x_amzn_trace_id": XRAY},
        {"x_amzn_trace_id": XRAY.partition(b";")[0]},
        {"x_amzn_trace_id": XRAY + b";" * 600},
    ],
)
def test_a_header_that_names_no_span_begins_a_trace(headers: dict[str, bytes]) -> None:
    assert parent_of(**headers) is None


def test_no_header_takes_the_span_away() -> None:
    kept = Kept()
    spans = OtlpSpans([], kept, in_function=True)

    @given(st.binary(max_size=80), st.binary(max_size=80))
    def whatever(traceparent: bytes, trace: bytes) -> None:
        before = len(kept.spans)
        spans.add(line(), caller(traceparent=traceparent, x_amzn_trace_id=trace))
        spans.flush(10)
        assert len(kept.spans) == before + 1

    whatever()


def test_a_caller_who_does_not_want_its_trace_kept_is_heeded() -> None:
    kept = Kept()
    spans = OtlpSpans([], kept, in_function=True)
    spans.add(line(), caller(traceparent=W3C[:-2] + b"00"))
    spans.add(line(), caller())
    spans.flush(10)
    assert [span.parent for span in kept.spans] == [None]


def test_ids_are_drawn_anew_where_python_would_repeat_itself() -> None:
    """Each instance that begins from one snapshot has the same state of Python's generator."""
    ids = set()
    for _ in range(2):
        random.seed(1)
        context = span_of(line(), caller()).context
        assert context is not None
        ids.add((context.trace_id, context.span_id))
    assert len(ids) == 2


def test_what_comes_while_too_many_wait_is_dropped_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept()
    kept.go.clear()
    spans = OtlpSpans([], kept, in_function=True)
    spans.add(line(), caller())
    assert kept.began.wait(10), "the first is being sent, and the queue is empty"
    with caplog.at_level(logging.WARNING, "ladle"):
        for _ in range(10_000):
            spans.add(line(), caller())
    assert [record.getMessage() for record in caplog.records] == [
        "spans that did not reach the collector: 1; it was not reached"
    ], "the others of this minute are counted for the next line"
    kept.go.set()
    spans.flush(10)
    assert len(kept.spans) == 1 + 8192


def test_who_waited_in_vain_waits_again_only_for_a_collector_that_takes() -> None:
    kept = Kept()
    kept.go.clear()
    spans = OtlpSpans([], kept, in_function=True)
    spans.add(line(), caller())
    spans.flush(0.01)
    spans.flush(threading.TIMEOUT_MAX)  # returns at once
    assert kept.spans == []
    kept.began.clear()
    spans.add(line(), caller())
    kept.go.set()
    assert kept.began.wait(10), "the second is sent, since the first was taken"
    spans.flush(10)
    assert len(kept.spans) == 2


def test_an_exporter_that_raises_ends_nothing() -> None:
    class Broken(Kept):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            if not self.spans:
                self.spans += spans
                raise RuntimeError("no words of mine are shown")
            return super().export(spans)

    kept = Broken()
    spans = OtlpSpans([], kept, in_function=True)
    for _ in range(2):
        spans.add(line(), caller())
        spans.flush(10)
    assert len(kept.spans) == 2
