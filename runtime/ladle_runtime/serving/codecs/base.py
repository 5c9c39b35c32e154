"""A codec translates between one wire format and arrays; it knows no model and keeps nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import orjson

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Array, Batch

if TYPE_CHECKING:
    from ladle_runtime.serving.predictions import Predictions

Headers = Mapping[bytes, bytes]  # names in lower case
PREDICTION_ID: Final = "ladle-prediction-id"


def id_header(ids: Sequence[str]) -> tuple[str, str]:
    """For answers in bytes. Of ids that end with their row the first tells the others."""
    return PREDICTION_ID, ids[0] if "." in ids[0] else ",".join(ids)


class Answered(NamedTuple):
    """Everything that an answer can show. ``predictions`` has one row per prediction id."""

    model: str
    release: int
    prediction_ids: Sequence[str]
    predictions: Predictions
    wanted: object = None  # see Batch


class Reader(Protocol):
    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        """Raises Refused."""


class Writer(Protocol):
    def encode(self, answered: Answered) -> Answer:
        """Raises Refused where the format cannot hold what the model puts out."""


class Codec(Reader, Writer, Protocol):
    """Both directions of one exchange."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Read in one format, answered in another."""

    reader: Reader
    writer: Writer

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        return self.reader.decode(body, inputs)

    def encode(self, answered: Answered) -> Answer:
        return self.writer.encode(answered)


def json_object(body: bytes) -> dict[str, Any]:
    """orjson refuses NaN, 1e400, lone surrogates and more than 1,024 levels. Raises Refused."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("LD401", "send one JSON object in UTF-8, without NaN or infinity") from None
    if not isinstance(value, dict):
        raise Refused("LD410", 'send an object: {"inputs": [[…], …]}')
    return value


def only_input(inputs: Sequence[TensorSpec], format_name: str) -> TensorSpec:
    """Of a format that carries one array. Raises Refused."""
    if len(inputs) != 1:
        raise Refused("LD411", f"{format_name} carries one input, this model has {len(inputs)}")
    return inputs[0]


def one_output(outputs: Mapping[str, Any], wanted: bytes | None) -> Array:
    """The output that was asked for by name, or the only one, as numbers. Raises Refused."""
    name = wanted.decode("latin-1") if wanted is not None else next(iter(outputs))
    value = outputs.get(name)
    if (wanted is None and len(outputs) > 1) or value is None or not hasattr(value, "dtype"):
        raise Refused("LD407", f"name one in the header Ladle-Output: {', '.join(outputs)}")
    if value.dtype.kind not in "fiub":
        raise Refused("LD407", "this format carries numbers only; ask for application/json")
    array: Array = value
    return array
