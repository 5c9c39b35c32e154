from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.row_words import in_words, ranges
from ladle.experiments.rows import Row, Table, compare_rows, read_table

COLUMNS: Row = ("a", "b", "label")
cells = st.text("0123", min_size=1, max_size=2)
rows = st.lists(st.tuples(cells, cells, cells), max_size=30)


def table(content: list[Row]) -> Table:
    return Table(COLUMNS, tuple(content))


@given(rows)
def test_a_table_does_not_differ_from_itself(content: list[Row]) -> None:
    assert compare_rows(table(content), table(content)).is_empty


@given(rows, rows)
def test_the_after_table_can_be_rebuilt_from_the_rows_that_are_named(
    old: list[Row], new: list[Row]
) -> None:
    """Nothing that differs is left out: unnamed rows of both versions are the same rows."""
    difference = compare_rows(table(old), table(new))
    named_old = {i for i, _ in difference.changed} | set(difference.removed)
    named_new = {j for _, j in difference.changed} | set(difference.added)
    unnamed_old = [row for i, row in enumerate(old, 1) if i not in named_old]
    unnamed_new = [row for j, row in enumerate(new, 1) if j not in named_new]
    if difference.in_order:
        assert unnamed_old == unnamed_new
    else:
        assert sorted(unnamed_old) == sorted(unnamed_new)


@given(rows, rows)
def test_every_pair_that_is_called_changed_really_differs(old: list[Row], new: list[Row]) -> None:
    difference = compare_rows(table(old), table(new))
    assert all(old[i - 1] != new[j - 1] for i, j in difference.changed)


@given(st.sets(st.integers(0, 99)), st.integers(1, 5))
def test_flipped_labels_are_found_row_by_row_even_when_rows_were_appended(
    flipped: set[int], appended: int
) -> None:
    old: list[Row] = [(str(i), "x", "3") for i in range(100)]
    new: list[Row] = [(a, b, "8" if i in flipped else label) for i, (a, b, label) in enumerate(old)]
    new += [(f"new {i}", "x", "3") for i in range(appended)]
    difference = compare_rows(table(old), table(new))
    assert [i for i, _ in difference.changed] == sorted(i + 1 for i in flipped)
    assert {c.column for c in difference.cells} <= {"label"}
    assert difference.added == tuple(range(101, 101 + appended))


@given(rows)
def test_rows_that_only_moved_are_not_called_changed(content: list[Row]) -> None:
    difference = compare_rows(table(content), table(content[::-1]))
    if not difference.in_order:
        assert difference.changed == difference.removed == difference.added == ()


@given(rows)
def test_what_csv_writes_is_read_back(content: list[Row]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *content])
    assert read_table("data/x.csv", text.getvalue().encode()) == table(content)


@given(st.binary())
def test_any_bytes_are_a_table_or_none(content: bytes) -> None:
    for name in ("x.csv", "x.tsv", "x.txt"):
        read = read_table(name, content)
        assert read is None or compare_rows(read, read).is_empty


@given(st.sets(st.integers(1, 60)))
def test_ranges_hold_exactly_the_numbers(numbers: set[int]) -> None:
    expanded = [n for a, b in ranges(sorted(numbers)) for n in range(a, b + 1)]
    assert expanded == sorted(numbers)


def test_a_binary_file_is_no_table() -> None:
    assert read_table("x.bin", b"\x00\xff") is None
    assert read_table("x.txt", b"a\x00b") is None


def test_the_sentence_names_rows_columns_and_counts() -> None:
    old: list[Row] = [(str(i), "x", "3" if i % 2 else "5") for i in range(1437)]
    new: list[Row] = [(a, b, "8" if i < 240 and c == "3" else c) for i, (a, b, c) in enumerate(old)]
    assert in_words("data/train.csv", compare_rows(table(old), table(new))) == (
        "data/train.csv: 120 of 1,437 rows differ, only in column `label` (3 → 8: 120)"
    )


def test_the_sentence_names_new_columns_and_removed_rows() -> None:
    old, new = Table(("a",), (("1",), ("2",))), Table(("a", "b"), (("1", "x"),))
    assert in_words("t.csv", compare_rows(old, new)) == "t.csv: 1 row removed; column `b` added"


def test_the_sentence_of_moved_rows_says_that_they_moved() -> None:
    old: list[Row] = [("1", "", ""), ("2", "", ""), ("3", "", "")]
    new: list[Row] = [("2", "", ""), ("3", "", ""), ("1", "", "")]
    assert in_words("t.csv", compare_rows(table(old), table(new))) == "t.csv: rows moved"
