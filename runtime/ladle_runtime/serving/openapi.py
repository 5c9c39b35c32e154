"""What ``/openapi.json`` says of bodies and answers is made from the model's signature."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.codecs import arrow, npy, raw, table
from ladle_runtime.serving.codecs.v2_tensors import DATATYPES
from ladle_runtime.serving.problems import PROBLEM_TYPE
from ladle_runtime.serving.signature import DTYPES, MAX_ROWS

Schema = dict[str, Any]

_JSON: Final = "application/json"
_WORDS: Final[Mapping[str, Any]] = {"string": "text", "bool": True}  # of examples; numbers are 0
_IDS: Final[Mapping[str, Schema]] = {
    "prediction_ids": {"type": "array", "items": {"type": "string"}},
    "prediction_id": {"type": "string", "description": "the first of them"},
    "model": {"type": "string"},
    "release": {"type": "integer"},
}


def predict_operation(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> Schema:
    """``/predict`` and ``/invocations``."""
    named = _object({spec.name: _tensor(spec) for spec in inputs}) | {"additionalProperties": False}
    ways = [named, {"type": "array", "items": named, "description": "a record a row"}]
    if len(inputs) == 1 and inputs[0].shape:
        ways.append(_tensor(inputs[0]))
    body = _object({"inputs": {"anyOf": ways}})
    prediction = _object({spec.name: _row(spec) for spec in outputs})
    answer = _object({"predictions": {"type": "array", "items": prediction}, **_IDS})
    content = {_JSON: {"schema": body, "example": {"inputs": example(inputs)}}}
    return {
        "tags": ["predictions"],
        "parameters": [
            _header("Ladle-Shape", f"of {raw.MEDIA_TYPE}: the sizes of the tensor, as in 1,784"),
            _header("Ladle-Output", "the output that an answer of one array shows"),
        ],
        "requestBody": {"required": True, "content": content | _other_formats(inputs)},
        "responses": _responses(answer),
    }


def infer_operation(inputs: Sequence[TensorSpec], outputs: Sequence[TensorSpec]) -> Schema:
    """``/v2/models/…/infer``."""
    body = _object(
        {"inputs": {"type": "array", "items": {"oneOf": [_named_tensor(s) for s in inputs]}}}
    )
    body["properties"] |= {"id": {"type": "string", "maxLength": 256}, "outputs": {"type": "array"}}
    answer = _object(
        {
            "model_name": {"type": "string"},
            "model_version": {"type": "string"},
            "outputs": {"type": "array", "items": {"oneOf": [_named_tensor(s) for s in outputs]}},
        }
    )
    asked = {"inputs": [_example_tensor(spec) for spec in inputs]}
    return {
        "tags": ["Open Inference Protocol"],
        "parameters": [
            _header("Inference-Header-Content-Length", "bytes of JSON before those of tensors")
        ],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": body, "example": asked}, raw.MEDIA_TYPE: {"schema": {}}},
        },
        "responses": _responses(answer),
    }


def feedback_operation() -> Schema:
    one = _object({"prediction_id": {"type": "string"}, "label": {}})
    content = {_JSON: {"schema": {"oneOf": [one, {"type": "array", "items": one}]}}}
    return {"tags": ["labels"], "requestBody": {"required": True, "content": content}}


def example(inputs: Sequence[TensorSpec]) -> Any:
    """One row that fits the signature: values alone for a single input, else by name."""
    rows = {spec.name: _nested(spec, spec.shape) for spec in inputs}
    return rows[inputs[0].name] if len(inputs) == 1 and inputs[0].shape else rows


def _nested(spec: TensorSpec, shape: tuple[int | None, ...]) -> Any:
    if not shape:
        return _WORDS.get(spec.dtype, 0)
    return [_nested(spec, shape[1:])] * (1 if shape[0] is None else shape[0])


def _example_tensor(spec: TensorSpec) -> Schema:
    shape = [1 if size is None else size for size in spec.shape]
    data = [_WORDS.get(spec.dtype, 0)] * math.prod(shape)
    return {"name": spec.name, "shape": shape, "datatype": DATATYPES[spec.dtype], "data": data}


def _other_formats(inputs: Sequence[TensorSpec]) -> Schema:
    """Those that carry this signature: one array of numbers, or a table of columns."""
    flat = all(len(spec.shape) <= 2 for spec in inputs)
    kinds = [table.MEDIA_TYPE, arrow.MEDIA_TYPE] if flat else [arrow.MEDIA_TYPE]
    if len(inputs) == 1 and inputs[0].dtype != "string":
        kinds += [raw.MEDIA_TYPE, npy.MEDIA_TYPE]
    return {kind: {"schema": {}} for kind in kinds}


def _value(dtype: str) -> Schema:
    """A value of it in JSON; nothing is known of a sequence's."""
    kind = DTYPES.get(dtype)
    if kind is None:
        return {"description": dtype}
    if kind.kind in "iu":
        limits = np.iinfo(kind)
        return {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
    if kind.kind == "f":
        most = float(np.finfo(kind).max)
        return {"type": "number", "minimum": -most, "maximum": most}
    return {"type": "boolean" if kind.kind == "b" else "string"}


def _sent_value(spec: TensorSpec) -> Schema:
    value = _value(spec.dtype)
    return {"anyOf": [value, {"type": "null"}]} if spec.missing else value


def _tensor(spec: TensorSpec) -> Schema:
    return _nested_schema(_sent_value(spec), spec.shape)


def _row(spec: TensorSpec) -> Schema:
    return _nested_schema(_value(spec.dtype), spec.shape[1:])


def _nested_schema(value: Schema, shape: tuple[int | None, ...]) -> Schema:
    schema = value
    for at, size in reversed(list(enumerate(shape))):
        bounds = {"minItems": 1} if size is None else {"minItems": size, "maxItems": size}
        most = {"maxItems": MAX_ROWS} if at == 0 and size is None else {}
        schema = {"type": "array", "items": schema, **bounds, **most}
    return schema


def _named_tensor(spec: TensorSpec) -> Schema:
    sizes: Schema = {"type": "array", "items": {"type": "integer", "minimum": 0}}
    return _object(
        {
            "name": {"const": spec.name},
            "shape": sizes | {"minItems": len(spec.shape), "maxItems": len(spec.shape)},
            "datatype": {"const": DATATYPES.get(spec.dtype, "BYTES")},
            "data": {"type": "array", "items": _sent_value(spec)},
        }
    )


def _object(properties: Mapping[str, Any]) -> Schema:
    return {"type": "object", "required": list(properties), "properties": dict(properties)}


def _header(name: str, description: str) -> Schema:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _responses(answer: Schema) -> Schema:
    fields = {name: {"type": "string"} for name in ("type", "title", "detail", "code")}
    problem = _object({"status": {"type": "integer"}, **fields})
    refused = {"content": {PROBLEM_TYPE: {"schema": problem}}}
    return {
        "200": {"description": "answered", "content": {_JSON: {"schema": answer}}},
        "4XX": {"description": "refused; `code` says why: `ladle explain CODE`", **refused},
        "503": {"description": "too busy; Retry-After says when to come back", **refused},
    }
