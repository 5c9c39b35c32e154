"""An encoder of any size with random weights of one seed, as exporters write it: no fused operators."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper

WORDS = 32


@dataclass
class _Graph:
    width: int
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    nodes: list[NodeProto] = field(default_factory=list)
    held: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def keep(self, value: Any) -> str:
        self.held[name := f"w{len(self.held)}"] = value
        return name

    def number(self, value: float) -> str:
        return self.keep(np.array(value, np.float32))

    def weights(self, *shape: int) -> str:
        return self.keep(self.random.standard_normal(shape, np.float32) * shape[0] ** -0.5)

    def dense(self, at: str, a: int, b: int) -> str:
        return self.op("Add", self.op("MatMul", at, self.weights(a, b)), self.weights(b))

    def add_and_norm(self, at: str, more: str) -> str:
        scale, shift = np.ones(self.width, np.float32), np.zeros(self.width, np.float32)
        joined = self.op("Add", at, more)
        return self.op("LayerNormalization", joined, self.keep(scale), self.keep(shift), axis=-1)

    def attention(self, at: str, heads: int) -> str:
        each = self.width // heads
        parts = self.keep(np.array([0, 0, heads, each], np.int64))
        q, k, v = (
            self.op(
                "Transpose", self.op("Reshape", self.dense(at, *[self.width] * 2), parts), perm=p
            )
            for p in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
        )
        scores = self.op("Div", self.op("MatMul", q, k), self.number(each**0.5))
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        whole = self.keep(np.array([0, 0, self.width], np.int64))
        joined = self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), whole)
        return self.dense(joined, self.width, self.width)

    def gelu(self, at: str) -> str:
        bent = self.op("Erf", self.op("Div", at, self.number(2**0.5)))
        raised = self.op("Add", bent, self.number(1))
        return self.op("Mul", self.op("Mul", at, raised), self.number(0.5))


def transformer(vocabulary: int, width: int, layers: int, heads: int) -> bytes:
    graph = _Graph(width)
    at = graph.op("Gather", graph.weights(vocabulary, width), "ids")
    for _ in range(layers):
        at = graph.add_and_norm(at, graph.attention(at, heads))
        inner = graph.gelu(graph.dense(at, width, 4 * width))
        at = graph.add_and_norm(at, graph.dense(inner, 4 * width, width))
    graph.nodes.append(helper.make_node("ReduceMean", [at], ["y"], axes=[1], keepdims=0))
    made = helper.make_graph(
        graph.nodes,
        "transformer",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n", WORDS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", width])],
        [
            helper.make_tensor(
                name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape, v.tobytes(), raw=True
            )
            for name, v in graph.held.items()
        ],
    )
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8).SerializeToString()
