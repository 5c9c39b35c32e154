"""Which rows of a table differ: an exact account of two versions, found in linear time.

Rows count from 1, the header not counted. Rows that both versions hold stay in order where they
can; between two of them, what one version has and the other has not is paired row by row.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

Row = tuple[str, ...]
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class Table:
    """A text file as rows; one that is not CSV has the one column ``line``."""

    columns: Row
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class CellChanges:
    """How often ``column`` went from one value to another; None where a row had no such cell."""

    column: str
    before: str | None
    after: str | None
    rows: int


@dataclass(frozen=True, slots=True)
class RowsDifference:
    """``changed`` pairs row numbers (before, after); ``removed`` and ``added`` are row numbers.

    ``in_order`` is False when rows also moved: then nothing is paired and only content is compared.
    """

    rows_before: int
    rows_after: int
    columns_added: Row
    columns_removed: Row
    changed: tuple[tuple[int, int], ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    cells: tuple[CellChanges, ...]
    in_order: bool = True

    @property
    def is_empty(self) -> bool:
        return not (
            self.changed
            or self.removed
            or self.added
            or self.columns_added
            or self.columns_removed
            or not self.in_order
        )


def read_table(name: str, content: bytes) -> Table | None:
    """None for what is not text. The first row of a ``.csv`` or ``.tsv`` file is its header."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    delimiter = _DELIMITERS.get(PurePosixPath(name).suffix.lower())
    if delimiter:
        try:
            rows = [
                tuple(r) for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            ]
        except csv.Error:  # a cell longer than csv takes: its lines can still be compared
            rows = []
        if rows and len(set(rows[0])) == len(rows[0]):
            return Table(rows[0], tuple(rows[1:]))
    return Table(("line",), tuple((line,) for line in text.splitlines()))


def compare_rows(before: Table, after: Table) -> RowsDifference:
    """Rows are compared by the columns that both tables have; other columns are named."""
    shared = tuple(c for c in after.columns if c in before.columns)
    old, new = _project(before, shared), _project(after, shared)
    pairs, removed, added, in_order = _align(old, new)
    return RowsDifference(
        rows_before=len(old),
        rows_after=len(new),
        columns_added=tuple(c for c in after.columns if c not in shared),
        columns_removed=tuple(c for c in before.columns if c not in shared),
        changed=tuple((i + 1, j + 1) for i, j in pairs),
        removed=tuple(i + 1 for i in removed),
        added=tuple(j + 1 for j in added),
        cells=_cells(shared, [(old[i], new[j]) for i, j in pairs]),
        in_order=in_order,
    )


def _project(table: Table, shared: Row) -> Sequence[Row]:
    if table.columns == shared:
        return table.rows
    places = [table.columns.index(c) for c in shared]
    extra = len(table.columns)  # cells beyond the header belong to no column and are kept
    return [tuple(r[p] for p in places if p < len(r)) + r[extra:] for r in table.rows]


def _align(
    old: Sequence[Row], new: Sequence[Row]
) -> tuple[list[tuple[int, int]], list[int], list[int], bool]:
    common = Counter(old) & Counter(new)
    least = max(len(old), len(new)) - common.total()
    if len(old) == len(new):
        differing = [(i, i) for i in range(len(old)) if old[i] != new[i]]
        if len(differing) == least:  # no other pairing names fewer rows
            return differing, [], [], True
    left, right = _not_common(old, common), _not_common(new, common)
    if _without(old, left) != _without(new, right):
        return [], left, right, False
    pairs: list[tuple[int, int]] = []
    removed: list[int] = []
    added: list[int] = []
    for gap_old, gap_new in _gaps(left, right):
        both = min(len(gap_old), len(gap_new))
        pairs += zip(gap_old[:both], gap_new[:both], strict=True)
        removed += gap_old[both:]
        added += gap_new[both:]
    return pairs, removed, added, True


def _not_common(rows: Sequence[Row], common: Counter[Row]) -> list[int]:
    """Indices of the rows that the other version has not, or not as often."""
    left = Counter(common)
    places = []
    for i, row in enumerate(rows):
        if left[row] > 0:
            left[row] -= 1
        else:
            places.append(i)
    return places


def _without(rows: Sequence[Row], places: list[int]) -> list[Row]:
    skipped = set(places)
    return [row for i, row in enumerate(rows) if i not in skipped]


def _gaps(left: list[int], right: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Rows of both sides that lie between the same two common rows."""
    by_gap: dict[int, tuple[list[int], list[int]]] = {}
    for side, places in enumerate((left, right)):
        for nth, i in enumerate(places):
            by_gap.setdefault(i - nth, ([], []))[side].append(i)
    for gap in sorted(by_gap):
        yield by_gap[gap]


def _cells(columns: Row, pairs: list[tuple[Row, Row]]) -> tuple[CellChanges, ...]:
    counts: Counter[tuple[int, str | None, str | None]] = Counter()
    for old, new in pairs:
        for i in range(max(len(old), len(new))):
            before, after = (row[i] if i < len(row) else None for row in (old, new))
            if before != after:
                counts[i, before, after] += 1
    ordered = sorted(counts.items(), key=lambda kv: (kv[0][0], -kv[1], str(kv[0])))
    return tuple(
        CellChanges(columns[i] if i < len(columns) else f"column {i + 1}", before, after, n)
        for (i, before, after), n in ordered
    )
