"""A difference of rows as one sentence that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ladle.experiments.rows import CellChanges, RowsDifference

_TRANSITIONS = 4
_COLUMNS = 6
_CELL_CHARS = 24


def in_words(name: str, difference: RowsDifference) -> str:
    """``data/train.csv: 120 of 1,437 rows differ, only in column `label` (3 → 8: 120)``."""
    parts = []
    if difference.changed:
        parts.append(
            f"{len(difference.changed):,} of {difference.rows_after:,} rows differ, "
            + _columns(difference.cells)
        )
    for verb, numbers in (("removed", difference.removed), ("added", difference.added)):
        if numbers:
            parts.append(f"{_count(len(numbers), 'row')} {verb}")
    for verb, columns in (
        ("removed", difference.columns_removed),
        ("added", difference.columns_added),
    ):
        if columns:
            names = ", ".join(f"`{c}`" for c in columns)
            parts.append(f"{'column' if len(columns) == 1 else 'columns'} {names} {verb}")
    if not difference.in_order:
        parts.append("rows moved" if not parts else "compared by content, since rows moved")
    if not parts:
        parts.append("the same rows, written in other bytes")
    return f"{name}: {'; '.join(parts)}"


def ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted row numbers as closed ranges: ``[1, 2, 3, 7]`` is ``[(1, 3), (7, 7)]``."""
    runs = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    members = [[n for _, n in run] for _, run in runs]
    return [(run[0], run[-1]) for run in members]


def ranges_in_words(numbers: Sequence[int], most: int = 8) -> str:
    """``1–3, 7 and 12 more``: enough to go and look."""
    runs = ranges(numbers)
    shown = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs[:most])
    rest = sum(b - a + 1 for a, b in runs[most:])
    return f"{shown} and {rest:,} more" if rest else shown


def _columns(cells: Sequence[CellChanges]) -> str:
    by_column = [(c, list(group)) for c, group in groupby(cells, key=lambda cell: cell.column)]
    if len(by_column) == 1:
        return f"only in column {_column(*by_column[0])}"
    named = ", ".join(f"`{column}`" for column, _ in by_column[:_COLUMNS])
    rest = len(by_column) - _COLUMNS
    return f"in columns {named}" + (f" and {rest:,} more" if rest > 0 else "")


def _column(column: str, cells: list[CellChanges]) -> str:
    shown = ", ".join(
        f"{_cell(c.before)} → {_cell(c.after)}: {c.rows:,}" for c in cells[:_TRANSITIONS]
    )
    rest = len(cells) - _TRANSITIONS
    others = f", {_count(rest, 'other change')}" if rest > 0 else ""
    return f"`{column}` ({shown}{others})"


def _cell(value: str | None) -> str:
    if value is None:
        return "nothing"
    if not value:
        return "empty"
    return value if len(value) <= _CELL_CHARS else value[: _CELL_CHARS - 1] + "…"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
