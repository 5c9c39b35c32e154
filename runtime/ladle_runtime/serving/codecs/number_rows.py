"""``{"inputs": [[1.5, …], …]}`` becomes an array without an object for each number, by simdjson.

It takes only what the long way takes too, with equal values, and leaves all else to that: other
shapes and types, further members, every mistake. Without simdjson everything goes the long way.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.signature import MAX_ROWS, Array, Batch, all_within

# Input type -> numpy's, and the largest number that it holds.
_DTYPES: Final[Mapping[str, tuple[type[np.floating[Any]], float]]] = {
    "float": (np.float32, float(np.finfo(np.float32).max)),
    "double": (np.float64, float(np.finfo(np.float64).max)),
}


class _PerThread(threading.local):
    """A parser keeps its memory from call to call, and is nobody else's meanwhile."""

    def __init__(self) -> None:
        self.parser = importlib.import_module("simdjson").Parser()


_here: Final = _PerThread() if find_spec("simdjson") else None


def rows_of_numbers(body: bytes, inputs: Sequence[TensorSpec]) -> Batch | None:
    """None where the long way must look."""
    if _here is None or len(inputs) != 1:
        return None
    spec = inputs[0]
    shape = spec.shape
    if spec.dtype not in _DTYPES or len(shape) != 2 or shape[0] is not None:
        return None
    dtype, largest = _DTYPES[spec.dtype]
    try:
        doubles, rows = _read(_here.parser, body)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        return None
    size = len(doubles)
    width = size // (rows or 1)
    fits = width == (shape[1] or width) and size == rows * width > 0 and rows <= MAX_ROWS
    if not fits or not all_within(doubles, largest) or not _is_flat(body, rows):
        return None
    return Batch({spec.name: doubles.astype(dtype).reshape(rows, width)}, rows)


def _read(parser: Any, body: bytes) -> tuple[Array, int]:
    """All numbers in one row of memory, and how many rows of equal length there are."""
    document = parser.parse(body)
    if len(document) != 1:  # a key that is written twice means something else to other readers
        raise KeyError
    rows = document["inputs"]
    count = len(rows)
    if count > 1 and len({len(row) for row in rows}) > 1:
        raise ValueError
    return np.frombuffer(rows.as_buffer(of_type="d"), np.float64), count


def _is_flat(body: bytes, rows: int) -> bool:
    """Whether no row holds a list: then there is one bracket for each row, and one around them."""
    at = -1
    for _ in range(rows + 1):
        at = body.find(b"[", at + 1)
    return body.find(b"[", at + 1) < 0
