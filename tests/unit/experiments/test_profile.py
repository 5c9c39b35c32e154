"""A profile says what a table's columns hold, whatever is in them, and two profiles what moved."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.profile import (
    MOST_CELLS,
    ColumnType,
    TableProfile,
    decode,
    encode,
    profile_rows,
)
from ladle.experiments.profile_words import profile_changes, table_words

CELLS = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.integers().map(str),
    st.floats().map(str),
    st.dates().map(str),
)
NAMES = st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str | None]]]:
    """Rows may be shorter or longer than the header."""
    return draw(NAMES), draw(st.lists(st.lists(CELLS, max_size=6), max_size=30))


def of(values: Sequence[str | None], name: str = "x") -> TableProfile:
    return profile_rows([name], [[v] for v in values])


@given(tables())
def test_a_profile_survives_being_written(table: tuple[list[str], list[list[str | None]]]) -> None:
    profiles = {"": profile_rows(*table)}
    assert decode(json.loads(encode(profiles))) == profiles


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_rows_plays_no_part(
    table: tuple[list[str], list[list[str | None]]], random: object
) -> None:
    names, rows = table
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert profile_rows(names, shuffled) == profile_rows(names, rows)


@given(tables())
def test_every_cell_is_a_null_or_counted(table: tuple[list[str], list[list[str | None]]]) -> None:
    names, rows = table
    found = profile_rows(names, rows)
    assert (found.rows, found.rows_read) == (len(rows), len(rows))
    for column in found.columns:
        assert 0 <= column.nulls <= len(rows)
        assert column.distinct <= len(rows) - column.nulls
        assert sum(count for _, count in column.top) <= len(rows) - column.nulls
        assert (column.type is ColumnType.EMPTY) == (column.nulls == len(rows))


@given(tables())
def test_a_table_differs_from_itself_in_nothing(
    table: tuple[list[str], list[list[str | None]]],
) -> None:
    found = profile_rows(*table)
    assert profile_changes(found, found) == []


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=60))
def test_numbers_have_their_least_their_most_and_quartiles_between(numbers: list[int]) -> None:
    (column,) = of([str(n) for n in numbers]).columns
    assert (column.type, column.least, column.most) == (
        ColumnType.INTEGER,
        min(numbers),
        max(numbers),
    )
    assert list(column.quantiles) == sorted(column.quantiles)
    assert column.distinct == len(set(numbers))
    at_most = sum(n <= column.quantiles[1] for n in numbers)
    assert at_most >= len(numbers) / 2


def test_types_are_read_from_what_is_there() -> None:
    kinds = {
        ColumnType.INTEGER: ["1", "-2", ""],
        ColumnType.NUMBER: ["1", "2.5", "1e-3", "nan"],
        ColumnType.DATE: ["2026-11-23", "2026-11-23T10:00:00Z"],
        ColumnType.TEXT: ["1", "x"],
        ColumnType.EMPTY: ["", None, "NULL"],
    }
    for kind, values in kinds.items():
        assert of(values).columns[0].type is kind


def test_values_that_name_somebody_are_not_listed() -> None:
    (column,) = of([f"person {n}" for n in range(100)]).columns
    assert (column.distinct, column.top) == (100, ())


def test_a_table_too_long_to_hold_is_read_by_evenly_spread_rows() -> None:
    rows = MOST_CELLS * 2 + 1
    found = profile_rows(["unique", "digit"], ((str(n), str(n % 10)) for n in range(rows)))
    assert found.rows == rows
    assert found.rows_read <= MOST_CELLS // 2
    unique, digit = found.columns
    assert unique.distinct == rows
    assert digit.distinct <= 10
    assert abs(unique.quantiles[1] - rows / 2) < 10
    assert table_words(found).startswith(f"{rows:,} rows (")


def test_what_moved_is_told_by_shares_and_what_did_not_is_not() -> None:
    before = profile_rows(["label", "gone"], [[str(n % 2), "a"] for n in range(100)])
    after = profile_rows(["label", "new"], [[str(n % 2 if n > 19 else 1), "a"] for n in range(90)])
    assert profile_changes(before, after) == [
        "rows 100 → 90",
        "column `gone` removed",
        "column `new` added (text)",
        "`label`: median 0 → 1; 0 50 % → 38.9 %; 1 50 % → 61.1 %",
    ]
