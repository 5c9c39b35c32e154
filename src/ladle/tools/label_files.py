"""Labels lie in files as tables: CSV, TSV, JSON lines, and Parquet by pyarrow, read row by row.

A table has the columns ``prediction_id`` and ``label``; others are passed over.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from ladle.errors import Finding, LadleError, NotFound
from ladle.quality.labels import LabelValue, written
from ladle.quality.new_label import NewLabel

COLUMNS: Final = ("prediction_id", "label")
Rows = Iterator[NewLabel | Finding]


def read_labels(name: str, file: BinaryIO) -> Rows:
    """Each row is a label, or what is wrong with it. ``name`` says the format by its ending.

    Raises LadleError LD613 for what is no table of labels, LD614 where pyarrow is missing.
    """
    suffix = PurePosixPath(name).suffix.lower()
    objects = _READERS.get(suffix)
    if objects is None:
        raise _no_table(name, f"its ending is none of {', '.join(_READERS)}")
    try:
        for number, given in enumerate(objects(file), start=1):
            try:
                yield NewLabel.read(given, f"row {number}")
            except LadleError as error:
                yield error.finding
    except (csv.Error, ValueError) as error:  # UnicodeDecodeError and pyarrow's are ValueErrors
        raise _no_table(name, str(error)) from error


def open_file(path: Path) -> BinaryIO:
    """Raises NotFound LD616."""
    try:
        return path.open("rb")
    except OSError as error:
        fix = "correct the path of the file"
        raise NotFound("LD616", f"{path} cannot be read: {error.strerror}", fix) from error


def value_of(text: str) -> LabelValue:
    """A number or a truth value that is written as usual is one; ``007`` and ``1.10`` are texts."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    plain = isinstance(value, bool | int | float)
    return value if plain and written(value) == text.strip() else text


def _delimited(delimiter: str) -> Callable[[BinaryIO], Iterator[object]]:
    def objects(file: BinaryIO) -> Iterator[object]:
        text = io.TextIOWrapper(file, "utf-8-sig", newline="")
        rows = csv.DictReader(text, delimiter=delimiter)
        _check(rows.fieldnames or ())
        for row in rows:
            label = row["label"]
            yield {**row, "label": None if label is None else value_of(label)}

    return objects


def _lines(file: BinaryIO) -> Iterator[object]:
    for line in file:
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _parquet(file: BinaryIO) -> Iterator[object]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise LadleError(
            "LD614",
            "Parquet is read by pyarrow, which is not installed here",
            "pip install pyarrow, or send the labels as CSV or JSON lines",
        ) from None
    table = parquet.ParquetFile(file)
    _check(table.schema_arrow.names)
    for batch in table.iter_batches(columns=list(COLUMNS)):
        yield from batch.to_pylist()


def _check(names: Any) -> None:
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise ValueError(f"it has no column {' and no column '.join(missing)}")


def _no_table(name: str, why: str) -> LadleError:
    return LadleError(
        "LD613",
        f"{name} is no table of labels: {why}",
        "send CSV, TSV, JSON lines or Parquet with the columns prediction_id and label",
    )


_READERS: Final[Mapping[str, Callable[[BinaryIO], Iterator[object]]]] = {
    ".csv": _delimited(","),
    ".tsv": _delimited("\t"),
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".parquet": _parquet,
    ".pq": _parquet,
}
