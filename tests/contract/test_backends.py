"""Every backend of the catalogue keeps the promise of ``ladle_runtime.backends.base``."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from ladle.catalog import BACKENDS
from ladle.errors import LadleError
from ladle.experiments.manifest import TensorSpec
from ladle.tools.model_jail import ModelJail
from ladle_runtime.backends import predict


def onnx_graph(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], *more: Any, opset: int = 17
) -> bytes:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, *more)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def onnx_doubles(rows_of: int) -> bytes:
    """y = x + x, over rows of any number."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, rows_of])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, rows_of])
    return onnx_graph([helper.make_node("Add", ["x", "x"], ["y"])], [x], [y])


# A backend's row in the catalogue needs a row here: a model that doubles rows of three numbers.
DOUBLERS = {
    "onnx": onnx_doubles(3),
    "py": b"""
INPUTS = [{"name": "x", "dtype": "float", "shape": [None, 3]}]
OUTPUTS = [{"name": "y", "dtype": "float", "shape": [None, 3]}]

def predict(inputs):
    return {"y": inputs["x"] + inputs["x"]}
""",
}
every_backend = pytest.mark.parametrize("name", BACKENDS)


def load(name: str, content: bytes, threads: int = 1) -> Any:
    return importlib.import_module(f"ladle_runtime.backends.{BACKENDS[name]}").load(
        content, threads
    )


@every_backend
def test_it_says_what_the_model_takes_and_gives(name: str) -> None:
    signature = load(name, DOUBLERS[name]).signature
    assert signature.inputs == (TensorSpec("x", "float", (None, 3)),)
    assert signature.outputs == (TensorSpec("y", "float", (None, 3)),)


@every_backend
@pytest.mark.parametrize("threads", [1, 2])
def test_it_runs_any_number_of_rows(name: str, threads: int) -> None:
    backend = load(name, DOUBLERS[name], threads)
    for rows in (1, 7):
        x = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
        np.testing.assert_array_equal(backend.run({"x": x})["y"], x * 2)


@every_backend
def test_several_threads_may_ask_at_once(name: str) -> None:
    backend = load(name, DOUBLERS[name])
    right: list[bool] = []

    def ask(n: int) -> None:
        x = np.full((2, 3), n, dtype=np.float32)
        right.extend(bool((backend.run({"x": x})["y"] == 2 * n).all()) for _ in range(50))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert right == [True] * 200


@every_backend
@pytest.mark.parametrize("content", [b"", b"no model", b"\x80\x05pickle"])
def test_bytes_that_are_no_model_are_refused_with_a_code(name: str, content: bytes) -> None:
    with pytest.raises(LadleError) as error:
        load(name, content)
    assert error.value.code == "LD424"


ONNX_TYPES = {
    "float": TensorProto.FLOAT,
    "double": TensorProto.DOUBLE,
    "float16": TensorProto.FLOAT16,
    "int8": TensorProto.INT8,
    "int16": TensorProto.INT16,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "uint8": TensorProto.UINT8,
    "uint16": TensorProto.UINT16,
    "uint32": TensorProto.UINT32,
    "uint64": TensorProto.UINT64,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


@pytest.mark.parametrize("dtype", ONNX_TYPES)
def test_onnx_carries_every_type_through(dtype: str) -> None:
    x = helper.make_tensor_value_info("x", ONNX_TYPES[dtype], ["rows"])
    y = helper.make_tensor_value_info("y", ONNX_TYPES[dtype], ["rows"])
    backend = load("onnx", onnx_graph([helper.make_node("Identity", ["x"], ["y"])], [x], [y]))
    names = {"float": "float32", "double": "float64", "string": "object"}
    value = np.array([1, 0], dtype=names.get(dtype, dtype))
    if dtype == "string":
        value = np.array(["ä", "b\0c"], dtype=object)
    assert backend.signature.inputs[0].dtype == dtype
    assert backend.run({"x": value})["y"].tolist() == value.tolist()


def test_onnx_maps_of_scikit_learn_come_as_one_mapping_a_row() -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    kind = helper.make_sequence_type_proto(
        helper.make_map_type_proto(
            TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
        )
    )
    node = helper.make_node(
        "ZipMap", ["x"], ["p"], domain="ai.onnx.ml", classlabels_strings=["cat", "dog"]
    )
    backend = load("onnx", onnx_graph([node], [x], [helper.make_value_info("p", kind)]))
    found = backend.run({"x": np.array([[1, 2], [3, 4]], dtype=np.float32)})["p"]
    assert found == [{"cat": 1.0, "dog": 2.0}, {"cat": 3.0, "dog": 4.0}]


def test_onnx_values_outside_the_vocabulary_are_told_from_a_broken_model() -> None:
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [None])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None])
    words = helper.make_tensor("words", TensorProto.FLOAT, [3], [0.0, 1.0, 2.0])
    node = helper.make_node("Gather", ["words", "ids"], ["y"])
    backend = load("onnx", onnx_graph([node], [ids], [y], [words]))
    with pytest.raises(ValueError, match="refuses"):
        backend.run({"ids": np.array([99])})


STRANGE = {
    "bfloat16": TensorProto.BFLOAT16,
    "float8e4m3fn": TensorProto.FLOAT8E4M3FN,
    "float8e5m2": TensorProto.FLOAT8E5M2,
    "int4": TensorProto.INT4,
    "uint4": TensorProto.UINT4,
}


@pytest.mark.parametrize("edge", ["input", "output"])
@pytest.mark.parametrize("dtype", STRANGE)
def test_types_that_json_cannot_hold_are_refused_by_name(
    dtype: str, edge: str, tmp_path: Path
) -> None:
    kinds = [STRANGE[dtype], TensorProto.FLOAT]
    first, last = kinds if edge == "input" else kinds[::-1]
    x = helper.make_tensor_value_info("x", first, [None])
    y = helper.make_tensor_value_info("y", last, [None])
    content = onnx_graph([helper.make_node("Cast", ["x"], ["y"], to=last)], [x], [y], opset=21)
    with pytest.raises(LadleError, match=f"its {edge} . is of type {dtype}") as when_served:
        load("onnx", content)
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(LadleError, match=f"its {edge} '.' is of type {dtype}") as when_built:
        ModelJail().inspect(path)
    assert (when_served.value.code, when_built.value.code) == ("LD424", "LD334")


@pytest.mark.parametrize(
    "returned",
    ['{"z": inputs["x"]}', "None", '{"y": inputs["x"][0]}', '{"y": [["no number"] * 3]}'],
    ids=["name", "nothing", "shape", "type"],
)
def test_a_predict_py_that_returns_something_else_has_failed(returned: str) -> None:
    content = DOUBLERS["py"].replace(b'{"y": inputs["x"] + inputs["x"]}', returned.encode())
    with pytest.raises(TypeError, match="predict"):
        load("py", content).run({"x": np.ones((2, 3), np.float32)})


def test_a_predict_py_finds_what_lies_beside_it_and_its_threads(tmp_path: Path) -> None:
    (tmp_path / "weights.npy").write_bytes(b"7")
    content = DOUBLERS["py"].replace(
        b'inputs["x"] + inputs["x"]', b'inputs["x"] * float(HELD) * THREADS'
    )
    content += (
        b"from pathlib import Path\nHELD = (Path(__file__).parent / 'weights.npy').read_text()"
    )
    backend = predict.load(content, 2, None, str(tmp_path))
    assert backend.run({"x": np.ones((1, 3), np.float32)})["y"].tolist() == [[14.0] * 3]
