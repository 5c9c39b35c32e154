"""What ``/openapi.json`` says of request bodies is made from the model's signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ladle.experiments.manifest import TensorSpec

_EXAMPLES: Final[Mapping[str, Any]] = {"string": "text", "bool": True}
_TYPES: Final[Mapping[str, str]] = {"string": "string", "bool": "boolean"}


def predict_body(inputs: Sequence[TensorSpec]) -> dict[str, Any]:
    named = {
        "type": "object",
        "properties": {spec.name: _array(spec) for spec in inputs},
        "required": [spec.name for spec in inputs],
        "additionalProperties": False,
    }
    either = [named, _array(inputs[0])] if len(inputs) == 1 else [named, {"type": "array"}]
    schema = {
        "type": "object",
        "required": ["inputs"],
        "properties": {"inputs": {"oneOf": either}},
    }
    return _body(schema, {"inputs": example(inputs)})


def infer_body(inputs: Sequence[TensorSpec]) -> dict[str, Any]:
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype", "data"],
        "properties": {
            "name": {"enum": [spec.name for spec in inputs]},
            "shape": {"type": "array", "items": {"type": "integer"}},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
        },
    }
    return _body(
        {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": {"type": "string"},
                "inputs": {"type": "array", "items": tensor},
            },
        }
    )


def feedback_body() -> dict[str, Any]:
    one = {
        "type": "object",
        "required": ["prediction_id", "label"],
        "properties": {"prediction_id": {"type": "string"}, "label": {}},
    }
    return _body({"oneOf": [one, {"type": "array", "items": one}]})


def example(inputs: Sequence[TensorSpec]) -> Any:
    """One row that the model takes: values alone for a single input, else by name."""
    rows = {spec.name: _example(spec, spec.shape) for spec in inputs}
    return rows[inputs[0].name] if len(inputs) == 1 else rows


def _example(spec: TensorSpec, shape: tuple[int | None, ...]) -> Any:
    if not shape:
        return _EXAMPLES.get(spec.dtype, 0)
    return [_example(spec, shape[1:])] * (1 if shape[0] is None else shape[0])


def _array(spec: TensorSpec) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": _TYPES.get(spec.dtype, "number")}
    if "int" in spec.dtype:
        schema = {"type": "integer"}
    for size in reversed(spec.shape):
        bounds = {"minItems": 1} if size is None else {"minItems": size, "maxItems": size}
        schema = {"type": "array", "items": schema, **bounds}
    return schema


def _body(schema: Mapping[str, Any], sample: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if sample is not None:
        content["example"] = sample
    return {"requestBody": {"required": True, "content": {"application/json": content}}}
