"""The Open Inference Protocol, version 2: named tensors in and out, as JSON or as bytes behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs import v2_tensors
from ladle_runtime.serving.codecs.base import Answered, Headers, json_object, only_input
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Array, Batch, count_rows

JSON_LENGTH: Final = "inference-header-content-length"
EXTENSIONS: Final = ("binary_tensor_data",)
_JSON_LENGTH: Final = JSON_LENGTH.encode()
_MAX_ID: Final = 256


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the request says of its answer. ``outputs``: name -> in bytes or not; None: all of them."""

    caller_id: str | None = None
    outputs: Mapping[str, bool] | None = None
    in_bytes: bool = False


@dataclass(frozen=True, slots=True)
class InferenceV2:
    """``json_bytes`` of the body are JSON, what follows are tensors; None: all of it is JSON."""

    json_bytes: int | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """Raises Refused."""
        length = headers.get(_JSON_LENGTH)
        if length is None:
            return cls()
        if not length.isdigit() or len(length) > 9:
            raise Refused("LD410", "Inference-Header-Content-Length is the JSON's size in bytes")
        return cls(int(length))

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        if self.json_bytes == 0:
            return _one_tensor(body, inputs)
        end = len(body) if self.json_bytes is None else self.json_bytes
        asked = json_object(body[:end])
        tensors = _by_name(asked.get("inputs", []), inputs)
        pieces = _cut(memoryview(body)[end:], tensors)
        specs = {spec.name: spec for spec in inputs}
        arrays = {name: _array(specs[name], tensors[name], pieces[name]) for name in tensors}
        return Batch(arrays, count_rows(inputs, arrays), _wanted(asked))

    def encode(self, answered: Answered) -> Answer:
        wanted = answered.wanted if isinstance(answered.wanted, Wanted) else Wanted()
        outputs = answered.predictions.outputs
        chosen = wanted.outputs or dict.fromkeys(outputs, wanted.in_bytes)
        if not chosen.keys() <= outputs.keys():
            raise Refused("LD410", f"the outputs are named: {', '.join(outputs)}")
        described, tail = [], []
        for name, in_bytes in chosen.items():
            array = v2_tensors.as_tensor(outputs[name])
            about = {
                "name": name,
                "shape": array.shape,
                "datatype": v2_tensors.datatype_of(array),
            }
            if in_bytes:
                tail.append(v2_tensors.to_bytes(array))
                described.append({**about, "parameters": {"binary_data_size": len(tail[-1])}})
            else:
                described.append({**about, "data": v2_tensors.to_list(array)})
        head = to_json(_about(answered, wanted) | {"outputs": described})
        if not tail:
            return Answer(200, "application/json", head)
        headers = ((JSON_LENGTH, str(len(head))),)
        return Answer(200, "application/octet-stream", b"".join([head, *tail]), headers)


def _about(answered: Answered, wanted: Wanted) -> dict[str, Any]:
    return {
        "model_name": answered.model,
        "model_version": str(answered.release),
        **({} if wanted.caller_id is None else {"id": wanted.caller_id}),
        "parameters": {"prediction_ids": ",".join(answered.prediction_ids)},
    }


def _by_name(tensors: Any, inputs: Sequence[TensorSpec]) -> Mapping[str, Mapping[str, Any]]:
    """In the order of the request: so lie the bytes that may follow."""
    if not isinstance(tensors, list) or not all(isinstance(t, dict) for t in tensors):
        raise Refused("LD410", "`inputs` is a list of tensors with name, shape, datatype, data")
    given = {t["name"]: t for t in tensors if isinstance(t.get("name"), str)}
    if given.keys() != {spec.name for spec in inputs} or len(given) != len(tensors):
        raise Refused("LD411", f"name each input once: {', '.join(s.name for s in inputs)}")
    return given


def _cut(
    tail: memoryview, tensors: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, memoryview | None]:
    """Each tensor's own bytes, or None where its values stand in the JSON. Nothing may be left."""
    pieces: dict[str, memoryview | None] = {}
    at = 0
    for name, tensor in tensors.items():
        size = _parameters(tensor).get("binary_data_size")
        if size is None:
            pieces[name] = None
            continue
        if type(size) is not int or not 0 <= size <= len(tail) - at:
            raise Refused("LD413", "binary_data_size is the number of bytes behind the JSON")
        pieces[name] = tail[at : at + size]
        at += size
    if at != len(tail):
        raise Refused("LD413", "the bytes behind the JSON are more than its tensors have")
    return pieces


def _array(spec: TensorSpec, given: Mapping[str, Any], piece: memoryview | None) -> Array:
    shape = v2_tensors.shape_of(spec, given)
    if piece is None:
        return v2_tensors.from_list(spec, shape, given.get("data"))
    return v2_tensors.from_bytes(spec, shape, piece)


def _one_tensor(body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
    """A body that is the bytes of the only input, without any JSON."""
    spec = only_input(inputs, "a request without JSON")
    shape = v2_tensors.whole_shape(spec, len(body))
    arrays = {spec.name: v2_tensors.from_bytes(spec, shape, body)}
    return Batch(arrays, count_rows(inputs, arrays), Wanted(in_bytes=True))


def _wanted(asked: Mapping[str, Any]) -> Wanted:
    caller_id, outputs = asked.get("id"), asked.get("outputs")
    if caller_id is not None and (not isinstance(caller_id, str) or len(caller_id) > _MAX_ID):
        raise Refused("LD410", f"`id` is a text of at most {_MAX_ID} characters")
    in_bytes = _parameters(asked).get("binary_data_output") is True
    if not outputs:
        return Wanted(caller_id, None, in_bytes)
    if not isinstance(outputs, list) or not all(
        isinstance(o, dict) and isinstance(o.get("name"), str) for o in outputs
    ):
        raise Refused("LD410", "`outputs` is a list of objects with a name")
    chosen = {o["name"]: _parameters(o).get("binary_data", in_bytes) is True for o in outputs}
    return Wanted(caller_id, chosen, in_bytes)


def _parameters(of: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = of.get("parameters", {})
    if not isinstance(parameters, dict):
        raise Refused("LD410", "`parameters` is an object")
    return parameters
