"""``application/x-npy``: one array as numpy.save writes it, and never an object that pickle made."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import (
    Answered,
    Headers,
    id_header,
    one_output,
    only_input,
)
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Array, Batch, count_rows, held_to, reshaped

MEDIA_TYPE: Final = "application/x-npy"
_MAGIC: Final = b"\x93NUMPY"
_MAX_TEXT: Final = 10_000  # characters of a text array's cells; more makes arrays of nothing
# Version -> bytes of the header's length.
_LENGTH_BYTES: Final = {1: 2, 2: 4, 3: 4}
_HEADER: Final = re.compile(
    rb"\{'descr': '(?P<dtype>[<>|=](?:f[248]|[iu][1248]|b1|U\d{1,5}))', "
    rb"'fortran_order': (?P<fortran>True|False), "
    rb"'shape': \((?P<shape>(?:\d{1,9},? ?){0,8})\),? \}\s*"
)


@dataclass(frozen=True, slots=True)
class NpyArray:
    """The header is read by a pattern: numpy's own reader costs fifty times as much."""

    output: bytes | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        return cls(headers.get(b"ladle-output"))

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        spec = only_input(inputs, MEDIA_TYPE)
        arrays = {spec.name: held_to(spec, read(body))}
        return Batch(arrays, count_rows(inputs, arrays))

    def encode(self, answered: Answered) -> Answer:
        array = one_output(answered.predictions.outputs, self.output)
        head = _head(array.dtype.newbyteorder("<").str, array.shape)
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        headers = (id_header(answered.prediction_ids),)
        return Answer(200, MEDIA_TYPE, head + little.tobytes(), headers)


def read(body: bytes) -> Array:
    """Raises Refused for anything but a plain array of numbers, truth values or text."""
    size = _LENGTH_BYTES.get(body[6]) if body[:6] == _MAGIC and len(body) > 12 else None
    if size is None:
        raise _malformed()
    start = 8 + size + int.from_bytes(body[8 : 8 + size], "little")
    found = _HEADER.fullmatch(body[8 + size : start])
    if found is None:
        raise _malformed()
    dtype = np.dtype(found["dtype"].decode())
    shape = tuple(int(size) for size in found["shape"].split(b",") if size.strip())
    if dtype.itemsize == 0 or dtype.itemsize > 4 * _MAX_TEXT:
        raise _malformed()
    if math.prod(shape) * dtype.itemsize != len(body) - start:
        raise Refused("LD413", "the array has not the length that its header states")
    flat: Array = np.frombuffer(body, dtype, offset=start)
    return reshaped(flat, shape[::-1]).T if found["fortran"] == b"True" else reshaped(flat, shape)


@lru_cache(256)
def _head(dtype: str, shape: tuple[int, ...]) -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padded = text + b" " * (-(len(text) + 11) % 64) + b"\n"
    return _MAGIC + b"\x01\x00" + len(padded).to_bytes(2, "little") + padded


def _malformed() -> Refused:
    return Refused("LD401", "send what numpy.save writes: numbers, booleans or text, no objects")
