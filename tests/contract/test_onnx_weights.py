"""A model whose weights are mapped answers as one whose weights were copied, and reads no other file."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from ladle.errors import LadleError
from ladle_runtime.backends.onnx import load
from ladle_runtime.backends.onnx_weights import outline

X = np.random.default_rng(1).standard_normal((2, 3, 16, 16)).astype(np.float32)


def weights(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def network(note: str = "") -> Any:
    """Convolution, product, sum, table and norm, each with weights of its own; ``note`` shifts them."""
    held = {
        "kernel": weights(32, 3, 3, 3),
        "dense": weights(512, 300),
        "bias": weights(300),
        "table": weights(300, 64),
        "scale": weights(300),
        "pick": np.arange(300, dtype=np.int64)[::-1].copy(),
    }
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("MaxPool", ["c"], ["p"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("MatMul", ["f", "dense"], ["m"]),
        helper.make_node("Add", ["m", "bias"], ["b"]),
        helper.make_node("LayerNormalization", ["b", "scale", "bias"], ["n"]),
        helper.make_node("Gather", ["table", "pick"], ["t"]),
        helper.make_node("MatMul", ["n", "t"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 64])],
        [
            helper.make_tensor(
                name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape, v.tobytes(), raw=True
            )
            for name, v in held.items()
        ],
        doc_string=note,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def mapped(folder: Path, content: bytes) -> Any:
    path = folder / "model"
    path.write_bytes(content)
    with path.open("rb") as stream:
        backend = load(mmap(stream.fileno(), 0, access=ACCESS_READ), 1, path)
    path.unlink()
    return backend


@pytest.mark.parametrize("shift", range(8))
def test_it_answers_the_same_wherever_the_weights_lie_in_the_file(
    tmp_path: Path, shift: int
) -> None:
    content = network("." * (shift + 1)).SerializeToString()
    short = outline(content, "model")
    assert short is not None
    assert len(short) < 2_000
    answer = mapped(tmp_path, content).run({"x": X})["y"]
    np.testing.assert_array_equal(answer, load(content, 1).run({"x": X})["y"])


def test_a_model_that_names_a_file_is_not_rewritten_and_not_served(tmp_path: Path) -> None:
    model = network()
    tensor = model.graph.initializer[1]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value="model")
    content = model.SerializeToString()
    assert outline(content, "model") is None
    with pytest.raises(LadleError) as error:
        mapped(tmp_path, content)
    assert error.value.code == "LD424"


@pytest.mark.parametrize("rows", [299, 301, 1 << 40])
def test_weights_that_are_not_as_long_as_their_shape_says_are_refused(
    tmp_path: Path, rows: int
) -> None:
    model = network()
    bias = next(t for t in model.graph.initializer if t.name == "bias")
    bias.dims[0] = rows
    with pytest.raises(LadleError) as error:
        mapped(tmp_path, model.SerializeToString())
    assert error.value.code == "LD424"


def test_what_has_no_large_weights_is_left_as_it_is() -> None:
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "one"], ["y"])],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])],
    )
    assert outline(helper.make_model(graph).SerializeToString(), "model") is None


WHOLE = network().SerializeToString()


@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, 40))
def test_damage_never_makes_it_raise(patch: bytes, at: int, cut: int) -> None:
    damaged = WHOLE[:at] + patch + WHOLE[at + cut :]
    found = outline(damaged, "model")
    assert found is None or len(found) < len(damaged)
