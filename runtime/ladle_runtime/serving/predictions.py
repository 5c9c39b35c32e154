"""What a model puts out becomes one object per row: its outputs by name, and ``label`` where the
model's type promises one.

Kept as columns: objects and JSON are made when a format asks for them, once for all requests that
shared a run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from ladle.quality.labels import LabelValue
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.outcome import Key, column_outcomes, outcome_of

Outputs = Mapping[str, Any]


class Run:
    """Of one request, or of several that shared it. ``columns`` are the outputs and the label."""

    __slots__ = ("_objects", "_texts", "columns", "is_by_row", "outputs", "rows")

    def __init__(self, outputs: Outputs, rows: int, type_: str) -> None:
        self._objects: Sequence[Mapping[str, Any]] | None = None
        self._texts: Sequence[bytes] | None = None
        self.outputs = outputs
        self.rows = rows
        self.is_by_row = set(map(length, outputs.values())) <= {rows}
        if self.is_by_row:
            self.columns: Mapping[str, Any] = _labelled(outputs, type_)
        else:  # the whole answer is one object, whatever was asked
            self.columns = {name: [whole(value)] for name, value in outputs.items()}
            self.rows = 1

    def all(self) -> Predictions:
        return Predictions(self, 0, self.rows)

    def objects(self) -> Sequence[Mapping[str, Any]]:
        if self._objects is None:
            names, columns = tuple(self.columns), map(column, self.columns.values())
            rows = zip(*columns, strict=True)
            self._objects = [dict(zip(names, values, strict=True)) for values in rows]
        return self._objects

    def texts(self) -> Sequence[bytes] | None:
        """The objects in JSON, numbers a column at a time; None where not all are numbers."""
        columns = self.columns.values()
        if self._texts is None and all(map(_is_plain, columns)):
            template = _row_template(tuple(self.columns), tuple([each.ndim for each in columns]))
            texts = map(_column_texts, columns)
            self._texts = [template % values for values in zip(*texts, strict=True)]
        return self._texts

    def outcomes(self, key: Key) -> Sequence[LabelValue | None]:
        quick = column_outcomes(self.columns, key)
        return [outcome_of(each, key) for each in self.objects()] if quick is None else quick


class Predictions(NamedTuple):
    """One request's share of a run."""

    run: Run
    start: int
    stop: int

    @property
    def rows(self) -> int:
        return self.stop - self.start

    @property
    def outputs(self) -> Outputs:
        outputs, rows = self.run.outputs, slice(self.start, self.stop)
        if self.rows == self.run.rows:
            return outputs
        return {name: value[rows] for name, value in outputs.items()}

    @property
    def objects(self) -> Sequence[Mapping[str, Any]]:
        return self.run.objects()[self.start : self.stop]

    @property
    def texts(self) -> Sequence[bytes]:
        """Each object in JSON. One row that has no JSON takes nothing from its neighbours."""
        if self.run.rows == 1:
            return [to_json({name: _first(each) for name, each in self.run.columns.items()})]
        texts = self.run.texts()
        if texts is None:
            return [to_json(each) for each in self.objects]
        return texts[self.start : self.stop]


def _labelled(outputs: Outputs, type_: str) -> Outputs:
    """``label`` is what a late label is compared with: the class, or the regression's number."""
    find_label = _LABELS.get(type_)
    if find_label is None or "label" in outputs:
        return outputs
    label = find_label(outputs)
    return outputs if label is None else {"label": label, **outputs}


def _class_label(outputs: Outputs) -> Any:
    """The first output of classes; else the place of the highest score; None without either."""
    for value in outputs.values():
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind in "iuOUb"
            and value.size == len(value)
        ):
            return value.reshape(len(value))
    for value in outputs.values():
        if isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] > 1:
            return value.argmax(axis=1)
    return None


def _number(outputs: Outputs) -> Any:
    for value in outputs.values():
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.size == len(value):
            return value.reshape(len(value))
    return None


_LABELS: Final[Mapping[str, Callable[[Outputs], Any]]] = {
    "classification": _class_label,
    "regression": _number,
}


def length(value: Any) -> int | None:
    if isinstance(value, np.ndarray):
        return len(value) if value.ndim else None
    return len(value) if isinstance(value, list) else None


def _is_plain(column: Any) -> bool:
    return isinstance(column, np.ndarray) and column.ndim < 3 and column.dtype.kind in "fiub"


def _column_texts(column: Any) -> Sequence[bytes]:
    """A row of two dimensions without its brackets."""
    text = to_json(np.ascontiguousarray(column))
    return text[1:-1].split(b",") if column.ndim == 1 else text[2:-2].split(b"],[")


@lru_cache(64)
def _row_template(names: Sequence[str], dimensions: Sequence[int]) -> bytes:
    members = [
        to_json(name).replace(b"%", b"%%") + (b":%b" if ndim == 1 else b":[%b]")
        for name, ndim in zip(names, dimensions, strict=True)
    ]
    return b"{" + b",".join(members) + b"}"


def column(value: Any) -> Sequence[Any]:
    """Numpy's own floats stay: they are written shorter, as 0.9 and not 0.8999999761581421."""
    if not isinstance(value, np.ndarray):
        return list(value)
    if _is_text(value) or (value.ndim == 1 and value.dtype.kind != "f"):
        plain: list[Any] = value.tolist()
        return plain
    return list(np.ascontiguousarray(value))


def _first(value: Any) -> Any:
    """``column(value)[0]`` as far as JSON goes."""
    first = value[0]
    return np.ascontiguousarray(first) if isinstance(first, np.ndarray) else first


def whole(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if _is_text(value) or value.ndim == 0:
        return value.tolist()
    return np.ascontiguousarray(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "OUS"
