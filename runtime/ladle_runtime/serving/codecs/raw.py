"""``application/octet-stream``: one array's little-endian bytes, its shape in ``Ladle-Shape``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Self

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
from ladle_runtime.serving.signature import DTYPES, Batch, count_rows, held_to, reshaped

MEDIA_TYPE: Final = "application/octet-stream"
_LITTLE: Final = {name: np.dtype(dtype.newbyteorder("<").str) for name, dtype in DTYPES.items()}
_SHAPE: Final = re.compile(rb"\d{1,9}( ?, ?\d{1,9}){0,7}")


@dataclass(frozen=True, slots=True)
class RawTensor:
    """``Ladle-Shape: 2,784``; the values have the dtype that the model's input has."""

    shape: tuple[int, ...] | None = None  # None where it was not said
    output: bytes | None = None

    @classmethod
    def of(cls, headers: Headers) -> Self:
        said = headers.get(b"ladle-shape", b"")
        shape = tuple(map(int, said.split(b","))) if _SHAPE.fullmatch(said) else None
        return cls(shape, headers.get(b"ladle-output"))

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        spec = only_input(inputs, MEDIA_TYPE)
        dtype = DTYPES[spec.dtype]
        if dtype.hasobject:
            raise Refused("LD412", f"{spec.name} holds text, which has no raw form; send JSON")
        if self.shape is None:
            raise Refused("LD413", "the header Ladle-Shape lists the sizes: 1,784")
        if math.prod(self.shape) * dtype.itemsize != len(body):
            raise Refused("LD413", "the body has not the length that Ladle-Shape states")
        given = held_to(spec, reshaped(np.frombuffer(body, _LITTLE[spec.dtype]), self.shape))
        arrays = {spec.name: given}
        return Batch(arrays, count_rows(inputs, arrays))

    def encode(self, answered: Answered) -> Answer:
        array = one_output(answered.predictions.outputs, self.output)
        described, little = _described(array.dtype, array.shape)
        headers = (*described, id_header(answered.prediction_ids))
        if array.dtype is not little:
            array = array.astype(little, copy=False)
        return Answer(200, MEDIA_TYPE, array.tobytes(), headers)


@lru_cache(256)
def _described(
    dtype: np.dtype[Any], shape: tuple[int, ...]
) -> tuple[Sequence[tuple[str, str]], np.dtype[Any]]:
    sizes = ",".join(map(str, shape))
    little = np.dtype(dtype.newbyteorder("<").str)
    return (("ladle-shape", sizes), ("ladle-dtype", dtype.name)), little
