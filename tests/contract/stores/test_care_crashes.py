"""A sample of ``scripts/gate crash``: some of the places at which gc and erase can die."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.killing import points_survived


@pytest.mark.parametrize(("command", "first"), [("collect", "9"), ("erase", "13")])
def test_a_command_that_dies_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path, command: str, first: str
) -> None:
    assert points_survived(root, "care", tmp_path, command, "--first", first, "--step", "23") >= 5
