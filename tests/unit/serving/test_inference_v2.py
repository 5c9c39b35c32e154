"""A tensor of the Open Inference Protocol arrives as it was sent, and a lie about it is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving.codecs import v2_tensors
from ladle_runtime.serving.codecs.base import Answered
from ladle_runtime.serving.codecs.inference_v2 import InferenceV2, Wanted
from ladle_runtime.serving.predictions import Run
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import DTYPES, Array

X = TensorSpec("x", "float", (None, 2))
TWO_ROWS = {"name": "x", "shape": [2, 2], "datatype": "FP32"}
FOUR = np.array([1, 2, 3, 4], np.float32).tobytes()


@st.composite
def arrays(draw: st.DrawFn) -> tuple[TensorSpec, Array]:
    dtype = draw(st.sampled_from(sorted(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(1, 3), max_size=3)))
    kind, size = DTYPES[dtype], int(np.prod(shape))
    if dtype == "string":
        values: Any = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    elif kind.kind == "f":
        values = st.floats(width=kind.itemsize * 8, allow_nan=False, allow_infinity=False)
    elif kind.kind == "b":
        values = st.booleans()
    else:
        values = st.integers(np.iinfo(kind).min, np.iinfo(kind).max)
    flat = draw(st.lists(values, min_size=size, max_size=size))
    return TensorSpec("x", dtype, shape), np.array(flat, kind).reshape(shape)


def request(about: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"inputs": [about], **more}).encode()


def refusal(body: bytes, json_bytes: int | None = None, spec: TensorSpec = X) -> str:
    with pytest.raises(Refused) as refused:
        InferenceV2(json_bytes).decode(body, [spec])
    return refused.value.code


@given(arrays())
def test_values_in_json_arrive_as_they_were_sent(sent: tuple[TensorSpec, Array]) -> None:
    spec, array = sent
    about = {
        "name": "x",
        "shape": array.shape,
        "datatype": v2_tensors.datatype_of(array),
        "data": array.ravel().tolist(),
    }
    arrived = InferenceV2().decode(request(about), [spec]).inputs["x"]
    assert (arrived.shape, arrived.dtype) == (array.shape, array.dtype)
    assert arrived.tolist() == array.tolist()


@given(arrays(), st.integers(0, 3))
def test_values_as_bytes_arrive_as_they_were_sent(
    sent: tuple[TensorSpec, Array], spaces: int
) -> None:
    spec, array = sent
    content = v2_tensors.to_bytes(array)
    about = {
        "name": "x",
        "shape": array.shape,
        "datatype": v2_tensors.datatype_of(array),
        "parameters": {"binary_data_size": len(content)},
    }
    head = request(about) + b" " * spaces  # so that the values begin anywhere
    arrived = InferenceV2(len(head)).decode(head + content, [spec]).inputs["x"]
    assert arrived.flags.aligned
    assert (arrived.shape, arrived.dtype) == (array.shape, array.dtype)
    assert arrived.tolist() == array.tolist()


def test_a_body_without_json_is_the_only_input() -> None:
    batch = InferenceV2(0).decode(FOUR, [X])
    assert batch.inputs["x"].tolist() == [[1, 2], [3, 4]]
    assert batch.wanted == Wanted(in_bytes=True)


def test_inputs_lie_behind_the_json_in_the_order_of_the_request() -> None:
    specs = [TensorSpec("a", "int8", (1,)), TensorSpec("b", "string", (1,))]
    tensors = [
        {"name": "b", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 6}},
        {"name": "a", "shape": [1], "datatype": "INT8", "parameters": {"binary_data_size": 1}},
    ]
    head = json.dumps({"inputs": tensors}).encode()
    batch = InferenceV2(len(head)).decode(head + b"\2\0\0\0hi\xff", specs)
    assert (batch.inputs["a"].tolist(), batch.inputs["b"].tolist()) == ([-1], ["hi"])


@pytest.mark.parametrize(
    ("about", "tail", "code"),
    [
        ({"parameters": {"binary_data_size": 16}}, FOUR[:-1], "LD413"),
        ({"parameters": {"binary_data_size": 16}}, FOUR + b"\0", "LD413"),
        ({"parameters": {"binary_data_size": 12}}, FOUR[:12], "LD413"),
        ({"parameters": {"binary_data_size": -1}}, b"", "LD413"),
        ({"parameters": {"binary_data_size": True}}, b"\0", "LD413"),
        ({"parameters": {"binary_data_size": 2**70}}, FOUR, "LD413"),
        ({"parameters": []}, FOUR, "LD410"),
        ({"shape": [2**62, 2**62], "parameters": {"binary_data_size": 16}}, FOUR, "LD413"),
        ({"shape": [-2, -2], "parameters": {"binary_data_size": 16}}, FOUR, "LD413"),
        ({"shape": [2.0, 2], "parameters": {"binary_data_size": 16}}, FOUR, "LD413"),
        ({"shape": [1] * 9, "parameters": {"binary_data_size": 16}}, FOUR, "LD413"),
        ({"shape": [0, 2**62, 2**62], "parameters": {"binary_data_size": 0}}, b"", "LD413"),
        ({"shape": [0, 2**62, 2**62], "data": []}, b"", "LD413"),
        ({"shape": [0, 2], "parameters": {"binary_data_size": 0}}, b"", "LD413"),
        ({"datatype": "INT32", "parameters": {"binary_data_size": 16}}, FOUR, "LD412"),
        ({"parameters": {"binary_data_size": 16}}, b"\0\0\x80\x7f" * 4, "LD414"),
        ({"data": [1, 2, 3]}, b"", "LD413"),
        ({"data": [[1, 2, 3, 4]]}, b"", "LD413"),
        ({"data": "1234"}, b"", "LD413"),
        ({}, b"", "LD413"),
    ],
)
def test_a_lie_about_a_tensor_is_refused(about: dict[str, Any], tail: bytes, code: str) -> None:
    head = request(TWO_ROWS | about)
    assert refusal(head + tail, len(head)) == code


@pytest.mark.parametrize(
    ("dtype", "datatype", "content", "code"),
    [
        ("bool", "BOOL", b"\2", "LD414"),
        ("string", "BYTES", b"\1\0\0\0\xff", "LD412"),
        ("string", "BYTES", b"\xff\xff\xff\xffa", "LD413"),
        ("string", "BYTES", b"\1\0", "LD413"),
        ("string", "BYTES", b"\1\0\0\0a\0\0\0\0", "LD413"),
    ],
)
def test_bytes_that_are_no_value_are_refused(
    dtype: str, datatype: str, content: bytes, code: str
) -> None:
    parameters = {"binary_data_size": len(content)}
    about = {"name": "x", "shape": [1], "datatype": datatype, "parameters": parameters}
    head = request(about)
    assert refusal(head + content, len(head), TensorSpec("x", dtype, (1,))) == code


@pytest.mark.parametrize("more", [{"id": 7}, {"id": "x" * 257}, {"outputs": 1}, {"outputs": [1]}])
def test_what_is_asked_of_the_answer_is_read_before_the_model_runs(more: dict[str, Any]) -> None:
    assert refusal(request(TWO_ROWS | {"data": [1, 2, 3, 4]}, **more)) == "LD410"


@pytest.mark.parametrize("length", [b"-1", b"x", b"", b"9" * 10])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(Refused):
        InferenceV2.of({b"inference-header-content-length": length})


def answered(outputs: dict[str, Any], wanted: object) -> Answered:
    return Answered("m", 3, ["i.0"], Run(outputs, 1, "generic").all(), wanted)


def test_chosen_outputs_leave_in_the_form_that_was_asked_for() -> None:
    outputs = {"a": np.array([1], np.int8), "b": np.array(["hi"], object), "c": np.zeros(1)}
    answer = InferenceV2().encode(answered(outputs, Wanted("mine", {"b": True, "a": False})))
    size = int(dict(answer.headers)["inference-header-content-length"])
    head = json.loads(answer.body[:size])
    assert (answer.content_type, head["id"]) == ("application/octet-stream", "mine")
    assert [o["name"] for o in head["outputs"]] == ["b", "a"]
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 6}
    assert head["outputs"][1]["data"] == [1]
    assert answer.body[size:] == b"\2\0\0\0hi"


def test_an_output_that_the_model_has_not_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        InferenceV2().encode(answered({"a": np.zeros(1)}, Wanted(outputs={"z": True})))
    assert (refused.value.code, refused.value.detail) == ("LD410", "the outputs are named: a")
