"""With ``tracing: otlp`` each request leaves a span, and no collector can hold a request up."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import pytest
from tests.runtime.collector import PATIENCE_S, collecting, named
from tests.runtime.conftest import Function, StartFunction
from tests.runtime.test_lambda_doors import http_api
from tests.runtime.test_secrets import Vault, vault

from ladle.quality.lines import RequestLine, parse
from ladle.tools.processes import free_port
from ladle.tools.serving_process import ServingProcess

__all__ = ["vault"]  # a fixture
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FROM_HERE = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
RIGHT, WRONG = {"inputs": [[1, 2, 3, 4]]}, {"inputs": [["no", "number", "at", "all"]]}


@pytest.fixture
def traced(environment: Mapping[str, str]) -> dict[str, str]:
    spec = {**json.loads(environment["LADLE_SPEC"]), "tracing": "otlp"}
    return {"LADLE_SPEC": json.dumps(spec), "AWS_LAMBDA_FUNCTION_VERSION": "7"}


def event_of(body: Any, headers: Mapping[str, str]) -> dict[str, Any]:
    event = http_api("POST", "/predict", json.dumps(body))
    return {**event, "headers": {**event["headers"], **headers}}


def ask(url: str, body: Any, headers: Mapping[str, str] | None = None) -> int:
    sent = {"content-type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), sent)
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_span_of_a_function_says_what_its_line_says_and_whose_trace_it_is(
    start_function: StartFunction, traced: Mapping[str, str], log_key: bytes
) -> None:
    with collecting() as collector, start_function(**traced, **collector.environment) as function:
        assert function.invoke(event_of(RIGHT, FROM_HERE)).payload["statusCode"] == 200
        [span] = collector.wait_for(1)
        [line] = [
            found
            for text in function.lines()
            if isinstance(found := parse(text, log_key), RequestLine)
        ]
    assert (span.name, span.kind) == ("POST /predict", span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.end_time_unix_nano >= span.start_time_unix_nano
    assert span.status.code == span.status.STATUS_CODE_UNSET
    assert named(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/predict",
        "url.path": "/predict",
        "url.scheme": "https",
        "http.response.status_code": 200,
        "ladle.model": "flowers",
        "ladle.release": 7,
        "ladle.release_digest": "ab" * 32,
        "ladle.request_id": line.request_id,
        "ladle.outcome": "ok",
    }
    assert {"service.name": "flowers", "service.version": "7"}.items() <= collector.resources[
        0
    ].items()


def test_a_server_sends_spans_of_predictions_and_none_of_questions_after_its_health(
    environment: Mapping[str, str], traced: Mapping[str, str]
) -> None:
    with collecting() as collector:
        told = {**environment, **traced, **collector.environment}
        told["OTEL_EXPORTER_OTLP_HEADERS"] = "api-key=s3cr3t"
        told["OTEL_RESOURCE_ATTRIBUTES"] = "service.name=shop,team=risk"
        with ServingProcess(told, free_port()) as server:
            server.wait_until_ready()
            assert ask(f"{server.url}/predict", RIGHT, FROM_HERE) == 200
            hostile = {"traceparent": f"00-{TRACE}-{'f' * 900}-01"}
            assert ask(f"{server.url}/v2/models/flowers/infer", WRONG, hostile) == 422
            raw = {"content-type": "application/octet-stream"}  # whose shape no header says
            assert ask(f"{server.url}/invocations", RIGHT, raw) == 422
            spans = {span.name: span for span in collector.wait_for(3)}
    assert set(spans) == {"POST /predict", "POST /v2/models/flowers/infer", "POST /invocations"}
    refused = spans["POST /v2/models/flowers/infer"]
    assert spans["POST /predict"].parent_span_id.hex() == PARENT
    assert refused.parent_span_id == b""
    assert refused.status.code == refused.status.STATUS_CODE_UNSET, "the caller's fault"
    assert named(refused.attributes)["ladle.outcome"] == "rejected"
    assert collector.headers[0]["api-key"] == "s3cr3t"
    about = collector.resources[0]
    assert (about["service.name"], about["service.version"]) == ("shop", "7")
    assert about["team"] == "risk"


def test_the_collectors_key_is_read_where_secrets_say(
    start_function: StartFunction, traced: Mapping[str, str], vault: Vault
) -> None:
    secrets = {"OTEL_EXPORTER_OTLP_HEADERS": "ssm:/prod/collector"}
    told = {
        **traced,
        "LADLE_SECRETS": json.dumps(secrets),
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": vault.endpoint,
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "key",
    }
    with collecting() as collector, start_function(**told, **collector.environment) as function:
        assert function.invoke(RIGHT).payload["predictions"]
        collector.wait_for(1)
    assert collector.headers[0]["api-key"] == "s3cr3t"


def test_a_server_answers_while_its_collector_takes_nothing(
    environment: Mapping[str, str], traced: Mapping[str, str]
) -> None:
    with collecting() as collector:
        collector.go.clear()
        with ServingProcess({**environment, **traced, **collector.environment}, free_port()) as it:
            it.wait_until_ready()
            for _ in range(3):
                assert ask(f"{it.url}/predict", RIGHT) == 200
            assert collector.spans == []
            collector.go.set()
            collector.wait_for(3)


def test_what_a_server_has_not_sent_leaves_before_it_ends(
    environment: Mapping[str, str], traced: Mapping[str, str]
) -> None:
    with collecting() as collector:
        with ServingProcess({**environment, **traced, **collector.environment}, free_port()) as it:
            it.wait_until_ready()
            for _ in range(20):
                assert ask(f"{it.url}/predict", RIGHT) == 200
        assert len(collector.wait_for(20)) == 20


def test_nothing_of_a_request_is_in_its_span(
    start_function: StartFunction, traced: Mapping[str, str]
) -> None:
    headers = {
        **FROM_HERE,
        "tracestate": "vendor=marked",
        "baggage": "user=marked",
        "user-agent": "marked",
        "cookie": "marked",
    }
    event = event_of({"inputs": [["marked", 1, 2, 3]]}, headers)
    with collecting() as collector, start_function(**traced, **collector.environment) as function:
        answered = function.invoke({**event, "rawQueryString": "a=marked"})
        assert answered.payload["statusCode"] == 422
        collector.wait_for(1)
    assert not [raw for raw in collector.raw if b"marked" in raw]


def test_a_collector_that_takes_its_time_holds_no_answer_and_gets_the_span_later(
    start_function: StartFunction, traced: Mapping[str, str]
) -> None:
    with collecting() as collector, start_function(**traced, **collector.environment) as function:
        collector.go.clear()
        for _ in range(3):
            assert function.invoke(RIGHT).payload["predictions"], "and it has taken nothing yet"
        assert collector.spans == []
        collector.go.set()
        assert {span.name for span in collector.wait_for(3)} == {"predict"}


def test_a_dead_collector_is_told_of_in_one_line(
    start_function: StartFunction, traced: Mapping[str, str]
) -> None:
    dead = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    with start_function(**traced, **dead) as function:
        for _ in range(5):
            assert function.invoke(RIGHT).payload["predictions"]
        said = wait_for_losses(function)
    assert "not reached" in said


def test_a_collector_that_refuses_is_told_of_by_its_status_and_not_in_its_words(
    start_function: StartFunction, traced: Mapping[str, str]
) -> None:
    headers = {"OTEL_EXPORTER_OTLP_HEADERS": "authorization=s3cr3t"}
    with (
        collecting(status=401) as collector,
        start_function(**traced, **collector.environment, **headers) as function,
    ):
        assert function.invoke(RIGHT).payload["predictions"]
        said = wait_for_losses(function)
        whole = "\n".join(function.lines())
    assert "it answered 401" in said
    assert "stranger" not in whole
    assert "s3cr3t" not in whole


def test_an_answer_without_an_end_is_not_read_to_its_end(
    start_function: StartFunction, traced: Mapping[str, str]
) -> None:
    with (
        collecting(endless=True) as collector,
        start_function(**traced, **collector.environment) as function,
    ):
        for _ in range(3):
            assert function.invoke(RIGHT).payload["predictions"]
        collector.wait_for(3)


def wait_for_losses(function: Function) -> str:
    """The one line; there is no second within its minute."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        said = [line for line in function.lines() if "did not reach the collector" in line]
        if said:
            [line] = said
            return line
        time.sleep(0.05)
    raise AssertionError(function.lines())
