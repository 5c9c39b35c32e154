"""The Open Inference Protocol, version 2, in JSON: named tensors in, named tensors out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, json_object, to_json
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import MAX_RANK, Array, Batch, count_rows, typed

DATATYPES: Final[Mapping[str, str]] = {
    "float": "FP32",
    "double": "FP64",
    "float16": "FP16",
    "bool": "BOOL",
    "string": "BYTES",
    **{f"{s}int{b}": f"{s.upper()}INT{b}" for s in ("", "u") for b in (8, 16, 32, 64)},
}
_OF_NUMPY: Final = {"float32": "FP32", "float64": "FP64", "float16": "FP16", "bool": "BOOL"}
_MAX_ID: Final = 256


class InferenceV2Json:
    """Its JSON form."""

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        asked = json_object(body)
        tensors, caller_id = asked.get("inputs"), asked.get("id")
        if not isinstance(tensors, list) or not all(isinstance(t, dict) for t in tensors):
            raise Refused("LD410", "`inputs` is a list of tensors with name, shape, datatype, data")
        given = {t["name"]: t for t in tensors if isinstance(t.get("name"), str)}
        if given.keys() != {spec.name for spec in inputs} or len(given) != len(tensors):
            names = ", ".join(spec.name for spec in inputs)
            raise Refused("LD411", f"name each input once: {names}")
        arrays = {spec.name: _tensor(spec, given[spec.name]) for spec in inputs}
        known = isinstance(caller_id, str) and len(caller_id) <= _MAX_ID
        return Batch(arrays, count_rows(inputs, arrays), caller_id if known else None)

    def encode(self, answered: Answered) -> Answer:
        content = to_json(
            {
                "model_name": answered.model,
                "model_version": str(answered.release),
                **({} if answered.caller_id is None else {"id": answered.caller_id}),
                "parameters": {"prediction_ids": ",".join(answered.prediction_ids)},
                "outputs": [_output(name, value) for name, value in answered.outputs.items()],
            }
        )
        return Answer(200, "application/json", content)


def _tensor(spec: TensorSpec, given: Mapping[str, Any]) -> Array:
    shape, data = given.get("shape"), given.get("data")
    if given.get("datatype") != DATATYPES[spec.dtype]:
        raise Refused("LD412", f"{spec.name} has the datatype {DATATYPES[spec.dtype]}")
    if not isinstance(shape, list) or not all(type(n) is int and n > 0 for n in shape):
        raise Refused("LD413", f"the shape of {spec.name} is a list of positive sizes")
    if not isinstance(data, list) or not data or len(shape) > MAX_RANK:
        raise Refused("LD413", f"the data of {spec.name} is a list that its shape describes")
    if isinstance(data[0], list):
        array = typed(spec, data)
        if list(array.shape) != shape:
            raise Refused("LD413", f"the data of {spec.name} has not the shape that it states")
        return array
    if math.prod(shape) != len(data):
        raise Refused("LD413", f"the data of {spec.name} has not the size of its shape")
    return typed(spec, np.fromiter(data, dtype=object, count=len(data)).reshape(shape))


def _output(name: str, value: Any) -> dict[str, Any]:
    """Sequences and maps have no tensor form: each row becomes one JSON text."""
    if not isinstance(value, np.ndarray):
        texts = [to_json(row).decode() for row in value]
        return {"name": name, "shape": [len(texts)], "datatype": "BYTES", "data": texts}
    kind = str(value.dtype)
    datatype = "BYTES" if value.dtype.kind in "OU" else _OF_NUMPY.get(kind, kind.upper())
    data = value.ravel()
    return {
        "name": name,
        "shape": list(value.shape),
        "datatype": datatype,
        "data": data.tolist() if datatype == "BYTES" else data,
    }
