"""SageMaker passes one header of ours: what the others would say goes through that one, both ways."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tests.runtime.conftest import classifier
from tests.runtime.onnx_nodes import SETTINGS, Silent

from ladle.disk.clock import SystemClock
from ladle_runtime.backends import onnx as backend
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.sagemaker import ATTRIBUTES, invocation
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.transform import Transform

RAW = {b"content-type": b"application/octet-stream"}
ROW = np.array([[1, 2, 3, 4]], np.float32).tobytes()


@pytest.fixture(scope="module")
def service() -> Service:
    loaded = backend.load(classifier(), 1)
    return Service(SETTINGS, loaded, Transform(), Silent(), SystemClock())


def invoke(service: Service, body: bytes, headers: dict[bytes, bytes]) -> Answer:
    return hot_route.predict(body, headers, service, invocation)


def test_the_shape_of_raw_values_is_an_attribute(service: Service) -> None:
    asked = RAW | {ATTRIBUTES.encode(): b"trace=7; Ladle-Shape=1,4"}
    answer = invoke(service, ROW, asked)
    assert json.loads(answer.body)["predictions"][0]["label"] == 2


def test_what_headers_say_of_an_answer_is_an_attribute_too(service: Service) -> None:
    attributes = b"ladle-shape=1,4;ladle-output=label"
    asked = RAW | {b"accept": b"application/octet-stream", ATTRIBUTES.encode(): attributes}
    answer = invoke(service, ROW, asked)
    headers = dict(answer.headers)
    said = dict(part.split("=") for part in headers.pop(ATTRIBUTES).split("; "))
    assert np.frombuffer(answer.body, np.int64).tolist() == [2]
    assert said == headers
    assert said["ladle-prediction-id"].endswith(".0")


@pytest.mark.parametrize("attributes", [b"", b";;=", b"ladle-shape", b"ladle-shape=9,9", b"\xff=1"])
def test_attributes_that_say_nothing_right_are_refused(service: Service, attributes: bytes) -> None:
    answer = invoke(service, ROW, RAW | {ATTRIBUTES.encode(): attributes})
    assert json.loads(answer.body)["code"] == "LD413"


def test_json_needs_none_of_it(service: Service) -> None:
    answer = invoke(service, b'{"inputs": [[1, 2, 3, 4]]}', {ATTRIBUTES.encode(): b"trace=7"})
    assert answer.status == 200
    assert list(answer.headers) == []
