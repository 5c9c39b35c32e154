"""Three models with fixed weights: a small MLP, a tiny one, and a convolution of about one millisecond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from onnx import NodeProto, TensorProto, helper


@dataclass(frozen=True, slots=True)
class Model:
    """``shape`` is one row of its input ``x``; its output is ``y``."""

    name: str
    shape: tuple[int, ...]
    make: Callable[[], bytes]


def _onnx(
    nodes: Sequence[NodeProto],
    weights: dict[str, np.ndarray],
    row: Sequence[int],
    answer: int,
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *row])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", answer])],
        [helper.make_tensor(k, TensorProto.FLOAT, w.shape, w) for k, w in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


def _dense(sizes: Sequence[int]) -> bytes:
    """Layers of a perceptron, with Relu between them."""
    random = np.random.default_rng(1)
    nodes, weights, at = [], {}, "x"
    for layer, (a, b) in enumerate(pairwise(sizes)):
        last = layer == len(sizes) - 2
        weights[f"w{layer}"] = (random.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32)
        weights[f"b{layer}"] = random.standard_normal(b).astype(np.float32)
        out = "y" if last else f"h{layer}"
        nodes.append(helper.make_node("Gemm", [at, f"w{layer}", f"b{layer}"], [out]))
        if not last:
            nodes.append(helper.make_node("Relu", [out], [f"r{layer}"]))
            at = f"r{layer}"
    return _onnx(nodes, weights, sizes[:1], sizes[-1])


def _convolution() -> bytes:
    """3 x 64 x 64 through three convolutions, the later two at half the size of the one before."""
    random = np.random.default_rng(2)
    nodes, weights, at = [], {}, "x"
    channels = [3, 64, 96, 128]
    for layer, (a, b) in enumerate(pairwise(channels)):
        scale = np.sqrt(9 * a)
        weights[f"w{layer}"] = (random.standard_normal((b, a, 3, 3)) / scale).astype(np.float32)
        stride = 1 if layer == 0 else 2
        nodes += [
            helper.make_node(
                "Conv", [at, f"w{layer}"], [f"c{layer}"], strides=[stride] * 2, pads=[1, 1, 1, 1]
            ),
            helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]),
        ]
        at = f"r{layer}"
    weights["w"] = (random.standard_normal((channels[-1], 10)) / 10).astype(np.float32)
    nodes += [
        helper.make_node("GlobalAveragePool", [at], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["y"]),
    ]
    return _onnx(nodes, weights, (3, 64, 64), 10)


MODELS = {
    model.name: model
    for model in (
        Model("mlp", (784,), lambda: _dense((784, 512, 256, 10))),
        Model("tiny", (4,), lambda: _dense((4, 16, 3))),
        Model("conv", (3, 64, 64), _convolution),
    )
}


def rows(model: Model, count: int) -> np.ndarray:
    """The same inputs in every run."""
    return np.random.default_rng(3).standard_normal((count, *model.shape)).astype(np.float32)
