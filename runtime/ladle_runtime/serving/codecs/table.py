"""``text/csv``: a line is a row, its cells are the values in the order of the signature."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from ladle.experiments.signature import TensorSpec
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs.base import Answered, Headers
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import Batch, batch

MEDIA_TYPE: Final = "text/csv"
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_TRUTH: Final = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class CsvTable:
    """``text/csv; header=present`` names the columns; without it there are values only."""

    header: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Self:
        return cls(b"header=present" in headers.get(b"content-type", b"").lower())

    def decode(self, body: bytes, inputs: Sequence[TensorSpec]) -> Batch:
        try:
            lines = csv.reader(io.StringIO(body.decode(), newline=""), strict=True)
            rows = [row for row in lines if row]
        except (UnicodeDecodeError, csv.Error):
            raise Refused("LD401", "send comma-separated values in UTF-8") from None
        names = rows.pop(0) if self.header and rows else None
        if not rows or any(len(row) != len(rows[0]) for row in rows):
            raise Refused("LD413", "the table has rows of one length, at least one of them")
        if len(inputs) == 1:
            return batch(inputs, _matrix(inputs[0], rows))
        return batch(inputs, _columns(inputs, names, rows))

    def encode(self, answered: Answered) -> Answer:
        """A first line of names; an output with several values a row has a column for each."""
        text = io.StringIO(newline="")
        write = csv.writer(text).writerow
        for number, prediction in enumerate(answered.predictions.objects):
            cells = _flat(prediction)
            if number == 0:
                write(["prediction_id", *cells])
            write([answered.prediction_ids[number], *cells.values()])
        return Answer(200, f"{MEDIA_TYPE}; header=present", text.getvalue().encode())


def _matrix(spec: TensorSpec, rows: Sequence[Sequence[str]]) -> Any:
    parse = _parser(spec)
    return [[parse(cell) for cell in row] for row in rows]


def _columns(
    inputs: Sequence[TensorSpec], names: Sequence[str] | None, rows: Sequence[Sequence[str]]
) -> Mapping[str, Any]:
    order = [spec.name for spec in inputs] if names is None else list(names)
    if sorted(order) != sorted(spec.name for spec in inputs) or len(order) != len(rows[0]):
        listed = ",".join(spec.name for spec in inputs)
        raise Refused("LD411", f"the columns are the inputs, each once: {listed}")
    parsers = {spec.name: _parser(spec) for spec in inputs}
    return {name: [parsers[name](row[at]) for row in rows] for at, name in enumerate(order)}


def _parser(spec: TensorSpec) -> Callable[[str], Any]:
    return _number_or_missing if spec.missing else _PARSERS.get(spec.dtype, _number)


def _number_or_missing(cell: str) -> int | float | None:
    return _number(cell) if cell.strip() else None


def _number(cell: str) -> int | float:
    """As JSON would have it: ``1_000``, ``nan`` and other scripts' digits are no numbers here."""
    cell = cell.strip()
    if not _NUMBER.fullmatch(cell):
        raise Refused("LD412", "a cell holds no number")
    if len(cell) < 19 and cell.lstrip("+-").isdigit():
        return int(cell)
    return float(cell)


def _truth(cell: str) -> bool:
    value = _TRUTH.get(cell.strip().lower())
    if value is None:
        raise Refused("LD412", "a cell holds neither true nor false")
    return value


_PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {"string": str, "bool": _truth}


def _flat(prediction: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in prediction.items():
        if isinstance(value, np.ndarray):
            values = value.ravel().tolist()
            cells |= {f"{name}.{i}": v for i, v in enumerate(values)}
        elif isinstance(value, Mapping | list):
            cells[name] = to_json(value).decode()
        else:
            cells[name] = value
    return cells
