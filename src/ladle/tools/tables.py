"""Tables are read for their profile as they lie: CSV, TSV, JSON lines, and Parquet by pyarrow.

A file that is no table, or not one that can be read here, has no profile; recording goes on.
"""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ladle.experiments.profile import Cell, TableProfile, profile_rows

LARGEST_BYTES = 256 << 20  # of one input, all its tables; parsing that much takes seconds
MOST_TABLES = 20  # of one folder, by name
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LINES = (".jsonl", ".ndjson")
_PARQUET = (".parquet", ".pq")
SUFFIXES = (*_DELIMITERS, *_LINES, *_PARQUET)
_CELL_CHARS = 200  # a nested value is known by how it begins
_FIRST_LINES = 1000  # of JSON lines: their keys are the columns


def profiled(path: Path) -> dict[str, TableProfile]:
    """Of a file by the name ``""``, of the tables in a folder by their paths below it."""
    below = sorted(path.rglob("*")) if path.is_dir() else [path]
    tables = [p for p in below if p.suffix.lower() in SUFFIXES and p.is_file()]
    profiles, left = {}, LARGEST_BYTES
    for table in tables[:MOST_TABLES]:
        left -= table.stat().st_size
        found = _profile(table) if left >= 0 else None
        if found is not None:
            profiles["" if table == path else table.relative_to(path).as_posix()] = found
    return profiles


def _profile(path: Path) -> TableProfile | None:
    suffix = path.suffix.lower()
    try:
        if suffix in _DELIMITERS:
            return _of_text(path, _DELIMITERS[suffix])
        return _of_lines(path) if suffix in _LINES else _of_parquet(path)
    except (csv.Error, ValueError):  # UnicodeDecodeError and pyarrow's errors are ValueErrors
        return None


def _of_text(path: Path, delimiter: str) -> TableProfile | None:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file, delimiter=delimiter)
        header = next(rows, None)
        if not header or len(set(header)) < len(header):
            return None
        return profile_rows(header, rows)


def _of_lines(path: Path) -> TableProfile:
    with path.open(encoding="utf-8") as file:
        first = [line for line, _ in zip(file, range(_FIRST_LINES), strict=False)]
    columns = list(dict.fromkeys(key for row in map(_row, first) for key in row))
    return profile_rows(columns, _line_rows(path, columns))


def _line_rows(path: Path, columns: Sequence[str]) -> Iterator[Sequence[Cell]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                row = _row(line)
                yield [_cell(row.get(column)) for column in columns]


def _row(line: str) -> dict[str, Any]:
    value = json.loads(line) if line.strip() else {}
    return value if isinstance(value, dict) else {"value": value}


def _of_parquet(path: Path) -> TableProfile | None:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        return None
    file = parquet.ParquetFile(path)
    rows = (
        [_cell(value) for value in row]
        for batch in file.iter_batches()
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    )
    return profile_rows(file.schema_arrow.names, rows)


def _cell(value: Any) -> Cell:
    return None if value is None else str(value)[:_CELL_CHARS]
