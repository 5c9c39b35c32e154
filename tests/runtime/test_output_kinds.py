"""Whatever a model puts out leaves in every form that can hold it, and is refused by the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.runtime.onnx_nodes import SETTINGS, Silent

from ladle.disk.clock import SystemClock
from ladle.experiments.manifest import Signature, TensorSpec
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.formats import codec_for
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2
from ladle_runtime.serving.service import Service
from ladle_runtime.serving.transform import Transform

X = TensorSpec("x", "float", (None, 1))
TWO_ROWS = b'{"inputs": [[1], [2]]}'
V2 = b'{"inputs": [{"name": "x", "shape": [2, 1], "datatype": "FP32", "data": [1, 2]}]}'
KINDS: dict[str, tuple[Any, Any]] = {
    "float16": (np.array([1.5, 2], np.float16), [1.5, 2]),
    "uint64": (np.array([2**64 - 1, 0], np.uint64), [2**64 - 1, 0]),
    "bool": (np.array([True, False]), [True, False]),
    "text": (np.array(["ä", "b"], object), ["ä", "b"]),
    "text in rows": (np.array([["ä"], ["b"]], object), [["ä"], ["b"]]),
    "maps by text": ([{"cat": 1.0}, {"dog": 0.5}], [{"cat": 1.0}, {"dog": 0.5}]),
    "maps by number": ([{0: 1.0}, {1: 0.5}], [{"0": 1.0}, {"1": 0.5}]),
    "not a number": (np.array([np.nan, np.inf]), [None, None]),
    "nothing a row": (np.zeros((2, 0), np.float32), [[], []]),
    "sequences of numbers": ([np.arange(2), np.arange(1)], [[0, 1], [0]]),
    "sequences of text": ([np.array(["a"], object)] * 2, [["a"], ["a"]]),
    "turned memory": (np.arange(4, dtype=np.float32).reshape(2, 2).T, [[0, 2], [1, 3]]),
}


class Says:
    """A backend that always answers the same."""

    signature = Signature((X,), (TensorSpec("y", "float", (None,)),))

    def __init__(self, value: Any) -> None:
        self._value = value

    def run(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"y": self._value}


def ask(value: Any, body: bytes, choose: Any = codec_for, accept: str = "*/*") -> Answer:
    service = Service(SETTINGS, Says(value), Transform(), Silent(), SystemClock())
    return hot_route.predict(body, {b"accept": accept.encode()}, service, choose)


@pytest.mark.parametrize("kind", KINDS)
def test_rest_shows_each_row(kind: str) -> None:
    value, rows = KINDS[kind]
    answer = ask(value, TWO_ROWS)
    assert answer.status == 200
    assert [p["y"] for p in json.loads(answer.body)["predictions"]] == rows


@pytest.mark.parametrize("kind", KINDS)
def test_the_open_inference_protocol_has_a_tensor_for_it(kind: str) -> None:
    value, rows = KINDS[kind]
    [output] = json.loads(ask(value, V2, InferenceV2.of).body)["outputs"]
    if isinstance(value, np.ndarray):
        assert output["shape"] == list(value.shape)
        assert output["data"] == np.array(rows, object).ravel().tolist()
    else:
        assert (output["datatype"], output["shape"]) == ("BYTES", [2])
        assert [json.loads(text) for text in output["data"]] == rows


@pytest.mark.parametrize("accept", ["text/csv", "application/x-npy", "application/octet-stream"])
@pytest.mark.parametrize("kind", KINDS)
def test_other_formats_hold_it_or_say_that_they_cannot(kind: str, accept: str) -> None:
    answer = ask(KINDS[kind][0], TWO_ROWS, accept=accept)
    assert answer.status == 200 or json.loads(answer.body)["code"] == "LD407"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.float32(0.5), 0.5),
        (np.array(0.5, np.float32), 0.5),
        (np.array("all", object), "all"),
        ({"a": 1.0}, {"a": 1.0}),
        (None, None),
        (np.zeros((0, 3), np.float32), []),
    ],
)
def test_an_output_of_no_row_is_shown_whole(value: Any, shown: Any) -> None:
    assert json.loads(ask(value, TWO_ROWS).body)["predictions"] == [{"y": shown}]
    assert ask(value, V2, InferenceV2.of).status == 200
