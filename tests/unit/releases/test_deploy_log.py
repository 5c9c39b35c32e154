"""An edit of the deploy log, however small, is found by its hashes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.releases.deploy_log import Deployment, check_log, log_changes
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.state import LogHead, ReleaseState
from ladle.testing.releases import canary_story


def logged(numbers: list[int]) -> tuple[list[Deployment], LogHead | None]:
    state, rows = ReleaseState("fraud"), []
    for at, number in enumerate(numbers):
        alias = {"version": str(number), "weights": {str(number): 1.0}}
        read = NewRecord(RecordKind.OUTCOME, number, f"release {number}", {"alias": alias})
        state, new = log_changes(state, [read], float(at))
        rows += new
    return rows, state.deployed


def test_a_log_as_it_was_written_is_whole() -> None:
    assert list(check_log(*logged([1, 2, 3]))) == []
    assert list(check_log([], None)) == []


def test_a_dropped_row_is_found_wherever_it_stood() -> None:
    rows, head = logged([1, 2, 3])
    for gone in range(3):
        assert list(check_log([r for r in rows if r.sequence != gone + 1], head))


@pytest.mark.parametrize("row", [0, 1, 2])
def test_an_altered_row_is_found(row: int) -> None:
    rows, head = logged([1, 2, 3])
    rows[row] = replace(rows[row], at=rows[row].at + 0.5)
    assert list(check_log(rows, head))


def test_swapped_rows_are_found() -> None:
    rows, head = logged([1, 2, 3])
    rows[0], rows[1] = replace(rows[1], sequence=1), replace(rows[0], sequence=2)
    assert list(check_log(rows, head))


def test_a_row_names_what_served_by_content() -> None:
    state = canary_story().state
    alias = {"version": "1", "weights": {"1": 0.9, "99": 0.1}}
    read = NewRecord(RecordKind.FROZEN, None, "somebody else", {"alias": alias})
    _, (row,) = log_changes(replace(state, deployed=None), [read], 5.0)
    known, unknown = row.served
    release = state.release(1)
    assert release is not None
    assert known.release_digest == release.release_digest
    assert unknown.release_digest is None


def test_a_row_that_says_nothing_of_the_alias_is_not_logged() -> None:
    wish = NewRecord(RecordKind.INTENT, 2, "shall read", {"alias": {"weights": {"2": 1.0}}})
    assert log_changes(ReleaseState("fraud"), [wish], 1.0)[1] == ()


def test_a_model_that_was_taken_down_serves_nothing_from_then_on() -> None:
    rows, head = logged([1])
    gone = NewRecord(RecordKind.REMOVED, None, "ada takes the model down", {"alias": None})
    state, last = log_changes(ReleaseState("fraud", deployed=head), [gone], 5.0)
    assert [row.served for row in last] == [()]
    assert list(check_log([*rows, *last], state.deployed)) == []
