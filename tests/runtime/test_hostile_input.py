"""Hostile input never makes a 5xx, and a 4xx never repeats what was sent."""

from __future__ import annotations

import base64
import json
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.hostile_events import fault_of_result, hostile_events

from ladle.actions.hostile_requests import fault_of
from ladle.disk.clock import SystemClock
from ladle.quality.lines import RequestLine
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.app import build_app
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.codecs.rest import RestJson
from ladle_runtime.serving.lambda_doors import LambdaDoors
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import MAX_BODY_BYTES, Settings

MARK = "¤victim@example.com¤"
HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"inputs=1",
    "not UTF-8": b'{"inputs": [["\xff\xfe"]]}',
    "NaN": b'{"inputs": [[NaN, 1, 1, 1]]}',
    "infinity": b'{"inputs": [[Infinity, 1, 1, 1]]}',
    "a number that no double holds": b'{"inputs": [[1e400, 1, 1, 1]]}',
    "a number that no float32 holds": b'{"inputs": [[1e39, 1, 1, 1]]}',
    "an endless integer": b'{"inputs": [[' + b"9" * 5000 + b", 1, 1, 1]]}",
    "half a surrogate pair": b'{"inputs": [["\\ud800", 1, 1, 1]]}',
    "ragged": b'{"inputs": [[1, 2, 3, 4], [1]]}',
    "deep": b'{"inputs": ' + b"[" * 500 + b"]" * 500 + b"}",
    "deeper than any parser": b'{"inputs": ' + b"[" * 100_000,
    "deep objects": b'{"inputs": ' + b'{"x":' * 900 + b"1" + b"}" * 900 + b"}",
    "huge": b'{"inputs": "' + b"x" * MAX_BODY_BYTES + b'"}',
    "many empty rows": b'{"inputs": [' + b"[]," * 100_000 + b"[]]}",
    "too many rows": b'{"inputs": [' + b"[1,2,3,4]," * 100_000 + b"[1,2,3,4]]}",
    "null": b"null",
    "null inputs": b'{"inputs": null}',
    "an input beside": b'{"inputs": {"x": [[1, 2, 3, 4]], "' + MARK.encode() + b'": 1}}',
    "text in place of numbers": b'{"inputs": [["' + MARK.encode() + b'", 1, 1, 1]]}',
    "nul in a name": b'{"inputs": {"x\\u0000": []}}',
    "prototype": b'{"__proto__": {"inputs": [[1, 2, 3, 4]]}}',
}


class Kept:
    """An event log that keeps."""

    def __init__(self) -> None:
        self.lines: list[RequestLine] = []

    def write(self, line: RequestLine, outcomes: Any) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def kept() -> Kept:
    return Kept()


@pytest.fixture(scope="module")
def service(environment: dict[str, str], kept: Kept) -> Service:
    return load_service(Settings.from_environment(environment), SystemClock(), kept)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("codec", [RestJson(), InferenceV2()], ids=["rest", "v2"])
def test_a_hostile_body_is_refused_and_counts_against_no_release(
    service: Service, kept: Kept, name: str, codec: Any
) -> None:
    answer = service.answer(HOSTILE[name], codec)
    problem = json.loads(answer.body)
    assert 400 <= answer.status < 500
    assert problem["code"].startswith("LD4")
    assert "victim" not in answer.body.decode()
    assert kept.lines[-1].outcome == "rejected"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
almost_right = st.fixed_dictionaries(
    {
        "inputs": anything
        | st.lists(st.lists(st.floats() | st.integers(), min_size=3, max_size=5), max_size=3)
        | st.dictionaries(st.just("x"), anything)
        | st.lists(
            st.fixed_dictionaries(
                {
                    "name": st.just("x") | anything,
                    "shape": st.just([1, 4]) | anything,
                    "datatype": st.just("FP32") | anything,
                    "data": st.lists(st.floats(), min_size=4, max_size=4) | anything,
                }
            ),
            max_size=2,
        )
    }
)


@settings(max_examples=300)
@given(asked=anything | almost_right)
def test_any_json_is_answered_or_refused(service: Service, asked: Any) -> None:
    body = json.dumps(asked).encode()
    for codec in (RestJson(), InferenceV2()):
        assert service.answer(body, codec).status in {200, 400, 413, 422}


@settings(max_examples=200)
@given(body=st.binary(max_size=60))
def test_any_bytes_are_refused(service: Service, body: bytes) -> None:
    assert service.answer(body, RestJson()).status in {400, 422}


@settings(max_examples=200)
@given(
    event=st.one_of(
        anything,
        st.fixed_dictionaries(
            {
                "requestContext": st.just({"http": {"method": "POST"}, "stage": "$default"}),
                "rawPath": st.just("/predict"),
                "headers": st.none() | st.dictionaries(st.text(max_size=5), anything, max_size=2),
                "body": st.text(max_size=20) | anything,
                "isBase64Encoded": st.booleans(),
            }
        ),
    )
)
def test_any_event_is_answered(service: Service, event: Any) -> None:
    result = hot_route.answer(event, service)
    assert result is not None
    assert int(result.get("statusCode", result.get("status", 200))) < 500


def test_events_made_from_the_schema_are_answered_or_refused(service: Service) -> None:
    handle = LambdaDoors(service)
    events = hostile_events(build_app(service).openapi(), seed=1)
    for event in islice(events, 2_000):
        assert fault_of_result(handle(event, None)) is None


def test_a_failure_is_told_from_a_refusal() -> None:
    assert fault_of(200, b"{}") is None
    assert fault_of(422, b'{"code": "LD413"}') is None
    assert fault_of(503, b'{"code": "LD419"}') is None
    assert fault_of(500, b'{"code": "LD402"}') == "answers 500 LD402"
    assert fault_of(422, b'{"code": "LD413", "detail": "victim-4711"}') == "repeats what was sent"
    assert fault_of(404, b"Not Found") == "answers 404 without a code"
    assert fault_of(307, b"") == "answers 307"


def test_a_body_that_is_no_base64_is_refused(service: Service) -> None:
    event = {
        "requestContext": {"http": {"method": "POST"}},
        "rawPath": "/predict",
        "body": "&&&",
        "isBase64Encoded": True,
    }
    result = hot_route.answer(event, service)
    assert result is not None
    assert result["statusCode"] == 400


def test_a_tensor_without_its_shape_is_never_mistaken_for_json(service: Service) -> None:
    event = {
        "requestContext": {"http": {"method": "POST"}},
        "rawPath": "/predict",
        "headers": {"content-type": "application/octet-stream"},
        "body": base64.b64encode(b"\0\0\x80?" * 4).decode(),
        "isBase64Encoded": True,
    }
    result = hot_route.answer(event, service)
    assert result is not None
    assert result["statusCode"] == 422
    assert json.loads(result["body"])["code"] == "LD413"


def test_an_answer_has_as_many_ids_as_rows(service: Service) -> None:
    body = json.dumps({"inputs": [[1, 2, 3, 4]] * 1000}).encode()
    answer = json.loads(service.answer(body, RestJson()).body)
    assert len(set(answer["prediction_ids"])) == len(answer["predictions"]) == 1000


def test_an_answer_that_no_door_takes_is_refused(service: Service) -> None:
    body = b'{"inputs": [' + b"[1,2,3,4]," * 99_000 + b"[1,2,3,4]]}"
    answer = service.answer(body, RestJson())
    assert (answer.status, json.loads(answer.body)["code"]) == (413, "LD406")


def test_two_requests_never_share_an_id(service: Service) -> None:
    body = b'{"inputs": [[1, 2, 3, 4]]}'
    ids = {json.loads(service.answer(body, RestJson()).body)["prediction_id"] for _ in range(200)}
    assert len(ids) == 200
