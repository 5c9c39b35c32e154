"""One tensor of the Open Inference Protocol becomes an array, and back, in both of its forms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import DTYPES, MAX_RANK, Array, held_to, reshaped, typed

DATATYPES: Final[Mapping[str, str]] = {
    "float": "FP32",
    "double": "FP64",
    "float16": "FP16",
    "bool": "BOOL",
    "string": "BYTES",
    **{f"{s}int{b}": f"{s.upper()}INT{b}" for s in ("", "u") for b in (8, 16, 32, 64)},
}
_OF_NUMPY: Final = {DTYPES[dtype].name: datatype for dtype, datatype in DATATYPES.items()}
_LENGTH_BYTES: Final = 4  # before each element of BYTES


def shape_of(spec: TensorSpec, given: Mapping[str, Any]) -> tuple[int, ...]:
    """What the request states, once its datatype is known to be right. Raises Refused."""
    if given.get("datatype") != DATATYPES[spec.dtype]:
        raise Refused("LD412", f"{spec.name} has the datatype {DATATYPES[spec.dtype]}")
    shape = given.get("shape")
    if not isinstance(shape, list) or len(shape) > MAX_RANK:
        raise Refused("LD413", f"the shape of {spec.name} is a list of at most {MAX_RANK} sizes")
    if not all(type(size) is int and size >= 0 for size in shape):
        raise Refused("LD413", f"the shape of {spec.name} is a list of sizes")
    return tuple(shape)


def from_list(spec: TensorSpec, shape: tuple[int, ...], data: Any) -> Array:
    """Values flat in row-major order, or nested as the shape says."""
    if not isinstance(data, list):
        raise Refused("LD413", f"the data of {spec.name} is a list that its shape describes")
    if data and isinstance(data[0], list):
        array = typed(spec, data)
        if array.shape != shape:
            raise _not_its_shape(spec)
        return array
    if math.prod(shape) != len(data):
        raise _not_its_shape(spec)
    return typed(spec, reshaped(np.fromiter(data, dtype=object, count=len(data)), shape))


def from_bytes(spec: TensorSpec, shape: tuple[int, ...], content: bytes | memoryview) -> Array:
    """Little-endian values one after the other; each text behind its own length."""
    dtype = DTYPES[spec.dtype]
    if dtype.hasobject:
        texts = _texts(spec, bytes(content), math.prod(shape))
        return held_to(spec, reshaped(np.array(texts, dtype=object), shape))
    if math.prod(shape) * dtype.itemsize != len(content):
        raise _not_its_shape(spec)
    return held_to(spec, reshaped(np.frombuffer(content, dtype.newbyteorder("<")), shape))


def whole_shape(spec: TensorSpec, size_bytes: int) -> tuple[int, ...]:
    """Of a request that is nothing but one tensor: its one open axis takes what there is."""
    item_bytes = DTYPES[spec.dtype].itemsize
    known = item_bytes * math.prod(size for size in spec.shape if size is not None)
    if DTYPES[spec.dtype].hasobject or spec.shape.count(None) > 1 or not known:
        raise Refused("LD413", f"{spec.name} has no shape that its bytes alone could tell")
    return tuple(size_bytes // known if size is None else size for size in spec.shape)


def as_tensor(value: Any) -> Array:
    """Sequences and maps have no tensor form: each of their rows becomes one JSON text."""
    if isinstance(value, np.ndarray):
        return value
    rows = value if isinstance(value, list) else [value]
    texts = np.empty(len(rows), dtype=object)
    texts[:] = [to_json(row).decode() for row in rows]
    return texts


def datatype_of(array: Array) -> str:
    return "BYTES" if array.dtype.kind in "OU" else _OF_NUMPY[array.dtype.name]


def to_list(array: Array) -> Any:
    return array.ravel().tolist() if array.dtype.kind in "OU" else array.ravel()


def to_bytes(array: Array) -> bytes:
    if array.dtype.kind not in "OU":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    pieces: list[bytes] = []
    for text in array.ravel().tolist():
        encoded = text.encode()
        pieces += (len(encoded).to_bytes(_LENGTH_BYTES, "little"), encoded)
    return b"".join(pieces)


def _texts(spec: TensorSpec, content: bytes, count: int) -> Sequence[str]:
    texts: list[str] = []
    at, end = 0, len(content)
    while at < end and len(texts) < count:
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(content[at:start], "little")
        try:
            texts.append(content[start:at].decode())
        except UnicodeDecodeError:
            raise Refused("LD412", f"{spec.name} takes text in UTF-8") from None
    if at != end or len(texts) != count:
        raise _not_its_shape(spec)
    return texts


def _not_its_shape(spec: TensorSpec) -> Refused:
    return Refused("LD413", f"the data of {spec.name} has not the size that its shape states")
