"""Inputs become numpy arrays only when they fit the model's signature: names, types, sizes, ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.problems import Refused

Array = NDArray[Any]

MAX_ROWS: Final = 100_000
MAX_RANK: Final = 8
_FLOATS: Final = {"float": np.float32, "double": np.float64, "float16": np.float16}
_INTEGERS: Final = {
    f"{sign}int{bits}": np.dtype(f"{sign}int{bits}")
    for sign in ("", "u")
    for bits in (8, 16, 32, 64)
}
DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    **{name: np.dtype(kind) for name, kind in _FLOATS.items()},
    **_INTEGERS,
    "bool": np.dtype(np.bool_),
    "string": np.dtype(object),
}
_NUMBERS: Final = frozenset([int, float])
_NUMBERS_OR_NULL: Final = _NUMBERS | {type(None)}
_QUICK_SQUARES: Final = 10_000  # values; above that many, BLAS would wake other threads
_EXACT_FLOAT: Final = 2.0**53  # above it a float no longer names one integer


class Batch(NamedTuple):
    """What one request asks: an array per input, ``rows`` predictions to make."""

    inputs: Mapping[str, Array]
    rows: int
    wanted: object = None  # what the reader of a format tells its writer


def batch(specs: Sequence[TensorSpec], inputs: Any) -> Batch:
    """``inputs`` as JSON gave them: columns by name, rows of a single input, or a list of records.

    Raises Refused.
    """
    columns = _columns(specs, inputs)
    arrays = {spec.name: typed(spec, columns[spec.name]) for spec in specs}
    return Batch(arrays, count_rows(specs, arrays))


def _columns(specs: Sequence[TensorSpec], inputs: Any) -> Mapping[str, Any]:
    names = {spec.name for spec in specs}
    if isinstance(inputs, dict):
        if inputs.keys() != names:
            raise Refused("LD411", f"name each input once: {_listed(specs)}")
        return inputs
    if not isinstance(inputs, list):
        raise Refused("LD410", "`inputs` is a list of rows, or an object of named columns")
    if not inputs:
        raise Refused("LD413", "`inputs` holds no row")
    if isinstance(inputs[0], dict):
        if not all(isinstance(row, dict) and row.keys() == names for row in inputs):
            raise Refused("LD411", f"each record names each input once: {_listed(specs)}")
        return {name: [row[name] for row in inputs] for name in names}
    if len(specs) == 1:
        return {specs[0].name: inputs}
    return _positional(specs, inputs)


def _positional(specs: Sequence[TensorSpec], rows: Sequence[Any]) -> Mapping[str, Any]:
    """Rows of a table whose columns are the inputs, in the order of the signature."""
    if not all(spec.shape in {(None,), (None, 1)} for spec in specs):
        raise Refused("LD411", f"the model has several inputs, name them: {_listed(specs)}")
    if not all(isinstance(row, list) and len(row) == len(specs) for row in rows):
        raise Refused("LD413", f"each row holds {len(specs)} values: {_listed(specs)}")
    return {spec.name: [row[i] for row in rows] for i, spec in enumerate(specs)}


def typed(spec: TensorSpec, value: Any) -> Array:
    """One input as an array of its type and shape.

    By way of an array of objects: numpy's own guess would turn 1 into "1" beside a string, and take
    memory for the longest string once per number.
    """
    if spec.dtype in _FLOATS and (rows := _number_rows(value)) is not None:
        return _in_range(spec, _shaped(spec, rows))
    try:
        raw = np.array(value, dtype=object)
    except ValueError:
        raise _ragged(spec) from None
    if raw.ndim > MAX_RANK:
        raise _ragged(spec)
    kinds: set[type] = set(map(type, raw.flat))
    if list in kinds:
        raise _ragged(spec)
    raw = _shaped(spec, raw)
    if spec.dtype in _FLOATS:
        return _floats(spec, raw, kinds)
    if spec.dtype in _INTEGERS:
        return _integers(spec, raw, kinds)
    wanted = {"bool": bool, "string": str}[spec.dtype]
    if not kinds <= {wanted}:
        raise _wrong_type(spec)
    return raw.astype(np.bool_) if wanted is bool else raw


def held_to(spec: TensorSpec, array: Array) -> Array:
    """One input that arrived as an array: of the model's kind of value, in range, in its shape.

    A narrower or wider number of the same kind is taken where every value fits.
    """
    wanted, kind = DTYPES[spec.dtype], array.dtype.kind
    is_text = wanted.hasobject and kind in "UO"
    if kind != wanted.kind and not is_text and not _both_integers(array.dtype, wanted):
        raise _wrong_type(spec)
    array = _shaped(spec, array)
    if wanted.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise _out_of_range(spec)
    if wanted.kind == "b" and array.view(np.uint8).max(initial=0) > 1:
        raise _out_of_range(spec)
    if array.dtype != wanted:
        with np.errstate(over="ignore"):
            array = array.astype(wanted)
    if wanted.kind == "f" and not _is_known_or_missing(spec, array):
        raise _out_of_range(spec)
    # Behind other bytes a number may begin anywhere; kernels read whole ones only.
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else array.copy(order="C")


def reshaped(flat: Array, shape: tuple[int, ...]) -> Array:
    """Raises Refused for sizes that are not those of the values, or that no array has."""
    try:
        return flat.reshape(shape)
    except ValueError:
        raise Refused("LD413", "the shape has not as many values as were sent") from None


def _both_integers(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    return given.kind in "iu" and wanted.kind in "iu"


def count_rows(specs: Sequence[TensorSpec], arrays: Mapping[str, Array]) -> int:
    """Rows are what inputs of open first size share; a model of fixed size takes one size only."""
    if len(specs) == 1:  # the usual case, at a tenth of the price
        shape = arrays[specs[0].name].shape
        return _bounded(shape[0] if shape else 1)
    if not specs:
        return 1
    open_ended = [s.name for s in specs if s.shape[:1] == (None,)] or [s.name for s in specs]
    lengths = {arrays[name].shape[0] if arrays[name].ndim else 1 for name in open_ended}
    if len(lengths) > 1:
        if any(spec.shape[:1] == (None,) for spec in specs):
            raise Refused("LD413", f"the inputs have unequal numbers of rows: {_listed(specs)}")
        return 1
    return _bounded(lengths.pop())


def _bounded(rows: int) -> int:
    if rows > MAX_ROWS:
        raise Refused("LD416", f"at most {MAX_ROWS} rows a request")
    return rows


def _shaped(spec: TensorSpec, array: Array) -> Array:
    wanted, given = spec.shape, array.shape
    if wanted[:1] == (None,) and given[1:] == wanted[1:] and given[0] > 0:
        return array  # the usual case
    if wanted[-1:] == (1,) and array.ndim == len(wanted) - 1:
        array = array.reshape(*array.shape, 1)  # a column may be written flat
    if not wanted:  # a scalar, or a model that does not say
        fits = array.ndim <= MAX_RANK and array.size > 0
    else:
        fits = len(wanted) == array.ndim and all(
            sent > 0 if size is None else size == sent
            for size, sent in zip(wanted, array.shape, strict=True)
        )
    if not fits:
        raise Refused("LD413", f"{spec.name} has the shape {shape_text(spec)}")
    return array


def _number_rows(value: Any) -> Array | None:
    """The usual case, three times as fast: a list of equally long lists of numbers. Else None."""
    if not isinstance(value, list) or set(map(type, value)) != {list}:
        return None
    if len(set(map(len, value))) > 1 or not set(map(type, chain.from_iterable(value))) <= _NUMBERS:
        return None
    try:
        return np.array(value, dtype=np.float64)
    except OverflowError:  # an integer that no double holds; the long way says so
        return None


def _floats(spec: TensorSpec, raw: Array, kinds: set[type]) -> Array:
    if not kinds <= (_NUMBERS_OR_NULL if spec.missing else _NUMBERS):
        raise _wrong_type(spec)
    try:
        return _in_range(spec, raw.astype(np.float64))  # null becomes NaN
    except OverflowError:
        raise _out_of_range(spec) from None


def _in_range(spec: TensorSpec, doubles: Array) -> Array:
    with np.errstate(over="ignore"):
        array = doubles.astype(_FLOATS[spec.dtype])
    if not _is_known_or_missing(spec, array):
        raise _out_of_range(spec)
    return array


def _is_known_or_missing(spec: TensorSpec, floats: Array) -> bool:
    return all_finite(floats) or (spec.missing and not np.isinf(floats).any())


def all_finite(floats: Array) -> bool:
    """The sum of the squares is finite only where all values are: one step in place of two.

    Where it is not, they may yet be, and each is looked at. vdot: it warns of nothing.
    """
    if floats.size <= _QUICK_SQUARES and math.isfinite(np.vdot(floats, floats)):
        return True
    return bool(np.isfinite(floats).all())


def all_within(doubles: Array, largest: float) -> bool:
    """The same way: no value is larger than the sum of the squares, if that is above one."""
    if doubles.size <= _QUICK_SQUARES and np.vdot(doubles, doubles) <= largest:
        return True
    return bool(np.abs(doubles).max() <= largest)


def _integers(spec: TensorSpec, raw: Array, kinds: set[type]) -> Array:
    """JSON has one kind of number: 3.0 is an integer, 3.5 is not."""
    if not kinds <= _NUMBERS:
        raise _wrong_type(spec)
    if float in kinds:
        values = raw.ravel().tolist()
        if not all(type(v) is int or _names_an_integer(v) for v in values):
            raise _wrong_type(spec)
        raw = np.array([int(v) for v in values], dtype=object).reshape(raw.shape)
    dtype = _INTEGERS[spec.dtype]
    limits = np.iinfo(dtype)
    if raw.size and (min(raw.flat) < limits.min or max(raw.flat) > limits.max):
        raise _out_of_range(spec)
    return raw.astype(dtype)


def _names_an_integer(value: float) -> bool:
    return value.is_integer() and abs(value) <= _EXACT_FLOAT


def shape_text(spec: TensorSpec) -> str:
    return "[" + ", ".join("n" if size is None else str(size) for size in spec.shape) + "]"


def _listed(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(f"{spec.name} {spec.dtype}{shape_text(spec)}" for spec in specs)


def _ragged(spec: TensorSpec) -> Refused:
    return Refused("LD413", f"{spec.name} has rows of unequal length, or is nested too deep")


def _wrong_type(spec: TensorSpec) -> Refused:
    null = "or null" if spec.missing else "without null"
    return Refused("LD412", f"{spec.name} takes values of type {spec.dtype}, {null}")


def _out_of_range(spec: TensorSpec) -> Refused:
    return Refused("LD414", f"{spec.name} takes finite values that {spec.dtype} can hold")
