"""A model of two numbers that is loaded in a millisecond: is the second more than the first?"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def tiny_model(threshold: float) -> bytes:
    """An ONNX file with the output ``label``; another ``threshold`` is another model."""
    offset = numpy_helper.from_array(np.array([threshold, 0.0], dtype=np.float32), "offset")
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "offset"], ["scores"]),
            helper.make_node("ArgMax", ["scores"], ["label"], axis=1, keepdims=0),
        ],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, ["rows"])],
        [offset],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content
