"""A table's columns in few numbers, so that two versions are told apart without reading either.

Pure and deterministic: equal rows have equal profiles. At most MOST_CELLS are held; a longer table is
read by every second, fourth, eighth row, and the profile says how many it read.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ladle.digest import canonical_json

SCHEMA = 1
MOST_CELLS = 1_000_000
MOST_COLUMNS = 1_000
QUANTILES = (0.25, 0.5, 0.75)
_TOP = 10
_VALUE_CHARS = 40
_IDENTIFYING = 0.5  # a column with more distinct values than this share of its rows lists none
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NULLS = frozenset({"", "nan", "null", "none", "na", "n/a"})

Cell = str | None


class ColumnType(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """``nulls`` and ``top`` count among the rows that were read; ``distinct`` is of the whole table.

    ``least``, ``most`` and ``quantiles`` (at 25, 50, 75 %) are of numbers, the first two of dates too.
    """

    name: str
    type: ColumnType
    nulls: int
    distinct: int
    least: float | str | None = None
    most: float | str | None = None
    quantiles: tuple[float, ...] = ()
    top: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TableProfile:
    """``rows_read`` is less than ``rows`` where the table was too long to hold."""

    rows: int
    rows_read: int
    columns: tuple[ColumnProfile, ...]


Profiles = Mapping[str, TableProfile]  # by path below the input; "" is the input itself


def profile_rows(names: Sequence[str], rows: Iterable[Sequence[Cell]]) -> TableProfile:
    """Rows that are too short have nulls at their end; cells beyond the names are left out."""
    names = names[:MOST_COLUMNS]
    total, kept = _sampled(rows, max(2, MOST_CELLS // max(1, len(names))))
    columns = (
        _column(name, [row[i] if i < len(row) else None for row in kept], total)
        for i, name in enumerate(names)
    )
    return TableProfile(total, len(kept), tuple(columns))


def encode(profiles: Profiles) -> bytes:
    """Canonical JSON, the form in which an experiment keeps them."""
    return canonical_json(
        {"schema": SCHEMA, "tables": {name: asdict(table) for name, table in profiles.items()}}
    )


def decode(data: Mapping[str, Any]) -> Profiles:
    """Reads the JSON that ``encode`` wrote."""
    return {name: _table(table) for name, table in data["tables"].items()}


def _table(data: Mapping[str, Any]) -> TableProfile:
    columns = tuple(
        ColumnProfile(
            **{
                **column,
                "type": ColumnType(column["type"]),
                "quantiles": tuple(column["quantiles"]),
                "top": tuple((value, count) for value, count in column["top"]),
            }
        )
        for column in data["columns"]
    )
    return TableProfile(data["rows"], data["rows_read"], columns)


def _sampled(rows: Iterable[Sequence[Cell]], most: int) -> tuple[int, list[Sequence[Cell]]]:
    """All rows, or evenly spread ones: each time ``most`` are held, every second of them goes."""
    kept: list[Sequence[Cell]] = []
    stride, total = 1, 0
    for nth, row in enumerate(rows):
        total = nth + 1
        if nth % stride == 0:
            kept.append(row)
            if len(kept) > most:
                kept, stride = kept[::2], stride * 2
    return total, kept


def _column(name: str, cells: Sequence[Cell], rows: int) -> ColumnProfile:
    counts = Counter(c for c in cells if c is not None and c.strip().lower() not in _NULLS)
    present = counts.total()
    nulls = len(cells) - present
    kind = _type(counts)
    distinct = _distinct(counts, len(cells), rows)
    top = () if present == 0 or len(counts) > _IDENTIFYING * present + 1 else _top(counts)
    if kind in (ColumnType.INTEGER, ColumnType.NUMBER):
        numbers = sorted((float(value), count) for value, count in counts.items())
        at = tuple(_quantile(numbers, present, q) for q in QUANTILES)
        least, most = numbers[0][0], numbers[-1][0]
        return ColumnProfile(name, kind, nulls, distinct, least, most, at, top)
    if kind is ColumnType.DATE:
        return ColumnProfile(name, kind, nulls, distinct, min(counts), max(counts), (), top)
    return ColumnProfile(name, kind, nulls, distinct, top=top)


def _type(counts: Counter[str]) -> ColumnType:
    values = [value.strip() for value in counts]
    if not values:
        return ColumnType.EMPTY
    if all(_INTEGER.fullmatch(v) for v in values):
        return ColumnType.INTEGER
    if all(_NUMBER.fullmatch(v) and math.isfinite(float(v)) for v in values):
        return ColumnType.NUMBER
    return ColumnType.DATE if all(_DATE.fullmatch(v) for v in values) else ColumnType.TEXT


def _distinct(counts: Counter[str], read: int, rows: int) -> int:
    """Exact when every row was read; else by the GEE estimator (Charikar et al., PODS 2000)."""
    once = sum(1 for count in counts.values() if count == 1)
    if read in (rows, 0):
        return len(counts)
    if once == read:
        return rows
    return min(rows, round(math.sqrt(rows / read) * once + len(counts) - once))


def _quantile(numbers: Sequence[tuple[float, int]], total: int, q: float) -> float:
    """The smallest value that at least ``q`` of all are not above."""
    seen = 0
    for value, count in numbers:
        seen += count
        if seen >= q * total:
            return value
    return numbers[-1][0]


def _top(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Most frequent first, equals by their text, so that the order of rows plays no part."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]
    return tuple((value[:_VALUE_CHARS], count) for value, count in ordered)
