"""What a model puts out becomes one object per row: its outputs by name, and ``label`` where the
model's type promises one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

Outputs = Mapping[str, Any]


def per_row(outputs: Outputs, rows: int, type_: str) -> list[dict[str, Any]]:
    """``label`` is what a late label is compared with: the class, or the regression's number.

    An output without a row's axis makes the whole answer one object, whatever was asked.
    """
    if any(_length(value) != rows for value in outputs.values()):
        return [{name: _whole(value) for name, value in outputs.items()}]
    columns = {name: _column(value) for name, value in outputs.items()}
    find_label = _LABELS.get(type_)
    if find_label is not None and "label" not in columns:
        label = find_label(outputs)
        if label is not None:
            columns = {"label": label, **columns}
    names = tuple(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _class_label(outputs: Outputs) -> Sequence[Any] | None:
    """The first output of classes; else the place of the highest score."""
    for value in outputs.values():
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind in "iuOUb"
            and value.size == len(value)
        ):
            return _column(value.reshape(len(value)))
    for value in outputs.values():
        if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] > 1:
            return _column(value.argmax(axis=1))
    return None


def _number(outputs: Outputs) -> Sequence[Any] | None:
    for value in outputs.values():
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.size == len(value):
            return _column(value.reshape(len(value)))
    return None


_LABELS: Final[Mapping[str, Callable[[Outputs], Sequence[Any] | None]]] = {
    "classification": _class_label,
    "regression": _number,
}


def _length(value: Any) -> int | None:
    if isinstance(value, np.ndarray):
        return len(value) if value.ndim else None
    return len(value) if isinstance(value, list) else None


def _column(value: Any) -> Sequence[Any]:
    """Numpy's own floats stay: they are written shorter, as 0.9 and not 0.8999999761581421."""
    if not isinstance(value, np.ndarray):
        return list(value)
    if _is_text(value) or (value.ndim == 1 and value.dtype.kind != "f"):
        plain: list[Any] = value.tolist()
        return plain
    return list(np.ascontiguousarray(value))


def _whole(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if _is_text(value) or value.ndim == 0:
        return value.tolist()
    return np.ascontiguousarray(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "OUS"
