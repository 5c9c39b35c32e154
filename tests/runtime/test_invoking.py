"""The function between an HTTP API and an endpoint: whatever is sent and whatever comes back, its caller is answered."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.invoked import ATTRIBUTES

from ladle.actions.hostile_requests import MARK
from ladle.aws.endpoint_answers import Answered, Refused
from ladle.aws.inference_request import Request
from ladle.errors import LadleError, Unavailable
from ladle_runtime.asking.invoking import MOST_BYTES, answer
from ladle_runtime.serving.problems import PROBLEM_TYPE, problem

RAW = "application/octet-stream"
JSON = b'{"inputs": [[1, 2, 3, 4], [0, 0, 0, 0]]}'
FINE = Answered("application/json", b"{}")


def event(body: bytes, headers: Mapping[str, str], path: str = "/predict") -> dict[str, Any]:
    """As an HTTP API sends it: text as text, unless it is told otherwise."""
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9"}
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": dict(headers),
        "stageVariables": {"model": "flowers"},
        "requestContext": {"stage": "$default", "http": http},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def content(result: Mapping[str, Any]) -> bytes:
    return (
        base64.b64decode(result["body"]) if result["isBase64Encoded"] else result["body"].encode()
    )


@dataclass
class Answers:
    """An endpoint in memory."""

    becomes: Answered | Refused | Exception = FINE
    asked: list[Request] = field(default_factory=list)

    def ask(self, request: Request) -> Answered | Refused:
        self.asked.append(request)
        if isinstance(self.becomes, Exception):
            raise self.becomes
        return self.becomes


def asked(answers: Answers, event: Any) -> Mapping[str, Any]:
    return answer(lambda _model: answers, event)


def test_the_containers_refusal_is_its_own_and_the_rest_of_what_sagemaker_says_is_kept_back() -> (
    None
):
    own = problem("LD413", "X has the shape [n, 4]")
    told = asked(Answers(Refused(422, own.decode())), event(JSON, {}))
    assert (told["statusCode"], content(told)) == (422, own)
    assert told["headers"]["content-type"] == PROBLEM_TYPE
    for said in ("Traceback (most recent call last): secret", '{"type": 7}', "[", "[" * 9999):
        told = asked(Answers(Refused(500, said)), event(JSON, {}))
        assert (told["statusCode"], json.loads(told["body"])["code"]) == (500, "LD449")
        assert said not in told["body"] or said == "["


def test_a_server_that_has_too_much_to_do_says_when_to_come_again() -> None:
    told = asked(Answers(Refused(503, problem("LD419", "x").decode())), event(JSON, {}))
    assert (told["statusCode"], told["headers"]["retry-after"]) == (503, "1")


@pytest.mark.parametrize("status", [0, 200, 302, 9999, -1])
def test_a_status_that_is_no_refusal_is_the_models_failure(status: int) -> None:
    assert asked(Answers(Refused(status, "")), event(JSON, {}))["statusCode"] == 502


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("LD451", "too long", "x"), 504, "LD451"),
        (Unavailable("LD447", "busy", "x"), 503, "LD447"),
        (LadleError("LD403", "large", "x"), 413, "LD403"),
        (RuntimeError(f"Traceback {MARK}"), 502, "LD449"),
    ],
)
def test_whatever_breaks_is_a_problem_without_its_trace(
    error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = asked(Answers(error), event(JSON, {}))
    found = json.loads(told["body"])
    assert (told["statusCode"], found["status"], found["code"]) == (status, status, code)
    assert MARK not in told["body"] + caplog.text
    assert (code in caplog.text) == (status >= 500)


def test_an_answer_that_no_function_can_return_is_too_large() -> None:
    """Bytes grow by a third; so does text whose quotes are written as two bytes each."""
    fits = Answered(RAW, b"0" * (MOST_BYTES * 3 // 4 - 1000))
    assert asked(Answers(fits), event(JSON, {}))["statusCode"] == 200
    for large in (
        Answered(RAW, b"0" * (MOST_BYTES * 3 // 4 + 1000)),
        Answered("application/json", b'"' * (MOST_BYTES // 2 + 1)),
    ):
        told = asked(Answers(large), event(JSON, {}))
        assert (told["statusCode"], json.loads(told["body"])["code"]) == (413, "LD406")


def test_text_that_is_none_travels_as_bytes() -> None:
    told = asked(Answers(Answered("text/csv", b"\xff\x00")), event(JSON, {}))
    assert (told["isBase64Encoded"], content(told)) == (True, b"\xff\x00")


@pytest.mark.parametrize("route", ["GET /healthz", "ANY /v2/{proxy+}", "$default", "", None, 7])
def test_what_an_endpoint_has_no_route_for_is_not_there(route: Any) -> None:
    answers = Answers()
    told = asked(answers, {**event(JSON, {}), "routeKey": route})
    assert (told["statusCode"], json.loads(told["body"])["code"]) == (404, "LD404")
    assert not answers.asked


@pytest.mark.parametrize("value", ["a" * 1025, "é", "a\r\nx-evil: 1", "\x00"])
def test_a_header_that_sagemaker_would_not_take_is_refused(value: str) -> None:
    answers = Answers()
    told = asked(answers, event(JSON, {"Accept": value}))
    assert (told["statusCode"], json.loads(told["body"])["code"]) == (400, "LD450")
    assert not answers.asked


def test_attributes_of_a_caller_stand_before_what_its_headers_say() -> None:
    answers = Answers()
    asked(answers, event(JSON, {ATTRIBUTES: "trace=7", "Ladle-Shape": "1,4"}))
    assert answers.asked[0].headers["CustomAttributes"] == "trace=7; ladle-shape=1,4"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = ("routeKey", "headers", "body", "isBase64Encoded", "stageVariables", "requestContext")
spoilt = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(KEYS, anything),
        "routeKey": st.sampled_from(["POST /predict", "POST /invocations"]),
        "headers": st.dictionaries(
            st.sampled_from(["accept", "Content-Type", ATTRIBUTES, "ladle-shape"]), anything
        )
        | anything,
    },
)


@given(st.builds(lambda changes: {**event(JSON, {}), **changes}, spoilt) | anything)
def test_no_event_and_no_answer_make_it_raise(sent: Any) -> None:
    told = asked(Answers(Answered("", b"\xff", "ladle-a=1;;=;b")), sent)
    assert 200 <= told["statusCode"] < 500
    assert all(isinstance(value, str) for value in told["headers"].values())
    json.dumps(told)


@given(st.integers(), st.text(), st.text(), st.binary(), st.text())
def test_nothing_that_an_endpoint_says_makes_it_raise(
    status: int, said: str, kind: str, body: bytes, attributes: str
) -> None:
    for becomes in (Refused(status, said), Answered(kind, body, attributes)):
        told = asked(Answers(becomes), event(JSON, {}))
        assert 200 <= told["statusCode"] < 600
        assert isinstance(told["body"], str)
