"""Behind an HTTP API an endpoint answers as a function does: the same requests, the same answers, the same refusals."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from threading import Event
from typing import Any

import numpy as np
import pytest
from tests.runtime.conftest import StartFunction, classifier
from tests.runtime.invoked import ATTRIBUTES, Endpoint, Said, listening
from tests.runtime.onnx_nodes import SETTINGS, Silent
from tests.runtime.test_invoking import JSON, RAW, content, event

from ladle.aws.endpoint_answers import EndpointAnswers
from ladle.aws.session import AwsSession
from ladle.disk.clock import SystemClock
from ladle_runtime.asking.invoking import answer
from ladle_runtime.backends import onnx as backend
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.codecs.sagemaker import invocation
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.transform import Transform

X = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], np.float32)
NPY = "application/x-npy"


def npy(values: Any) -> bytes:
    written = io.BytesIO()
    np.save(written, values)
    return written.getvalue()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Before the container that Ladle serves with."""
    loaded = backend.load(classifier(), 1)
    service = Service(
        replace(SETTINGS, model="flowers"), loaded, Transform(), Silent(), SystemClock()
    )

    def container(body: bytes, headers: Mapping[str, str]) -> Said:
        sent = {name.encode(): value.encode() for name, value in headers.items()}
        made = hot_route.predict(body, sent, service, invocation)
        return Said(made.status, made.content_type, made.body, dict(made.headers).get(ATTRIBUTES))

    with listening(Endpoint(container)) as found:
        yield found


@pytest.fixture(scope="module")
def between(start_function: StartFunction, endpoint: Endpoint) -> Iterator[Any]:
    """The function, under the real runtime client and the real SDK."""
    told = {
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint.url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with start_function("ladle_runtime.asking.invoking.handle", **told) as running:
        yield running


REQUESTS = {
    "json": (JSON, {"content-type": "application/json"}),
    "no type": (JSON, {}),
    "csv": (b"1,2,3,4\n0,0,0,0\n", {"content-type": "text/csv", "accept": "text/csv"}),
    "npy": (npy(X), {"content-type": NPY, "accept": NPY, "ladle-output": "label"}),
    "raw": (
        X.tobytes(),
        {"content-type": RAW, "accept": RAW, "ladle-shape": "2,4", "ladle-output": "label"},
    ),
    "no json": (b"{", {"content-type": "application/json"}),
    "wrong shape": (b'{"inputs": [[1]]}', {"content-type": "application/json"}),
    "unknown type": (JSON, {"content-type": "image/png"}),
    "nothing": (b"", {"content-type": RAW}),
}


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_it_answers_as_the_function_of_the_same_model(
    between: Any, function: Any, request_: str, path: str
) -> None:
    sent = event(*REQUESTS[request_], path)
    ours, theirs = between.invoke(sent).payload, function.invoke(sent).payload
    assert ours["statusCode"] == theirs["statusCode"], between.lines()
    assert ours["isBase64Encoded"] == theirs["isBase64Encoded"]
    drawn = {ATTRIBUTES, "ladle-prediction-id"}
    assert {k: v for k, v in ours["headers"].items() if k not in drawn} == {
        k: v for k, v in theirs["headers"].items() if k not in drawn
    }
    assert without_ids(content(ours)) == without_ids(content(theirs))


def without_ids(body: bytes) -> Any:
    """Which are drawn."""
    if b"," in body and not body.startswith(b"{"):
        return [line.partition(b",")[2] for line in body.splitlines()]
    if not body.startswith(b"{"):
        return body
    found = json.loads(body)
    drawn = {"prediction_id", "prediction_ids", "release"}
    return {key: value for key, value in found.items() if key not in drawn}


def test_no_other_header_of_a_caller_reaches_sagemaker(between: Any, endpoint: Endpoint) -> None:
    others = {
        "x-amzn-sagemaker-target-variant": "release-1",
        "cookie": "secret",
        "authorization": "Bearer secret",
    }
    assert between.invoke(event(JSON, others)).payload["statusCode"] == 200
    told = endpoint.asked[-1]
    assert "x-amzn-sagemaker-target-variant" not in told
    assert "secret" not in json.dumps(told)


@pytest.mark.parametrize(
    ("refuses", "status"),
    [
        (("ThrottlingException", 400), 503),
        (("ServiceUnavailable", 503), 503),
        (("ModelNotReadyException", 429), 503),
        (("RequestEntityTooLarge", 413), 413),
    ],
)
def test_what_sagemaker_itself_refuses_is_a_problem_and_asked_once(
    between: Any, endpoint: Endpoint, refuses: tuple[str, int], status: int
) -> None:
    endpoint.refuses, before = refuses, len(endpoint.asked)
    told = between.invoke(event(JSON, {})).payload
    endpoint.refuses = None
    assert (told["statusCode"], len(endpoint.asked) - before) == (status, 1)
    assert ("retry-after" in told["headers"]) == (status == 503)


def test_an_endpoint_that_is_not_there_yet_says_to_try_again(between: Any) -> None:
    told = between.invoke({**event(JSON, {}), "stageVariables": {"model": "other"}}).payload
    assert (told["statusCode"], json.loads(told["body"])["code"]) == (503, "LD447")


def test_a_line_that_was_cut_while_the_function_slept_is_taken_up_again(
    between: Any, endpoint: Endpoint
) -> None:
    endpoint.cuts = 1
    assert between.invoke(event(JSON, {})).payload["statusCode"] == 200
    endpoint.cuts = 2
    assert between.invoke(event(JSON, {})).payload["statusCode"] == 503
    assert endpoint.cuts == 0


def test_an_endpoint_that_takes_longer_than_the_door_waits_is_told_of() -> None:
    answered = Event()

    def container(_body: bytes, _headers: Mapping[str, str]) -> Said:
        answered.wait()
        return Said(200, "application/json", b"{}")

    with listening(Endpoint(container)) as slow:
        runtime = AwsSession("eu-west-1", slow.url, embedded=True).inference_once(1)
        told = answer(lambda model: EndpointAnswers(runtime, model), event(JSON, {}))
        answered.set()
    assert (told["statusCode"], json.loads(told["body"])["code"]) == (504, "LD451")
    assert len(slow.asked) == 1
