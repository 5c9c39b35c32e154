"""A sample of ``scripts/gate crash``: every eleventh place or so at which a push, a pull or a record can die."""

from __future__ import annotations

from pathlib import Path

from tests.killing import points_survived


def test_a_push_that_dies_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    sample = ("--large-bytes", "200000", "--first", "5", "--step", "11")
    assert points_survived(root, "push", tmp_path, *sample) >= 10


def test_a_pull_that_dies_leaves_no_file_half_written_and_is_finished_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    assert points_survived(root, "pull", tmp_path, "--first", "6", "--step", "12") >= 8


def test_a_run_that_dies_while_it_is_recorded_loses_nothing_that_was_acknowledged(
    root: Path, tmp_path: Path
) -> None:
    assert points_survived(root, "record", tmp_path, "--first", "4", "--step", "13") >= 10
