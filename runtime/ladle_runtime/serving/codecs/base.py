"""A codec translates between one wire format and arrays; it knows no model and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Batch


@dataclass(frozen=True, slots=True)
class Answered:
    """Everything that an answer can show. ``predictions`` has one object per prediction id."""

    model: str
    release: int
    prediction_ids: Sequence[str]
    predictions: Sequence[Mapping[str, Any]]
    outputs: Mapping[str, Any]
    caller_id: str | None


class Codec(Protocol):
    @property
    def content_type(self) -> str: ...

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        """Raises Refused."""

    def encode(self, answered: Answered) -> bytes: ...


def json_object(body: bytes) -> dict[str, Any]:
    """orjson refuses NaN, 1e400, lone surrogates and more than 1,024 levels. Raises Refused."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("LD401", "send one JSON object in UTF-8, without NaN or infinity") from None
    if not isinstance(value, dict):
        raise Refused("LD410", 'send an object: {"inputs": [[…], …]}')
    return value


def to_json(value: Any) -> bytes:
    """A number that is none becomes null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS)
