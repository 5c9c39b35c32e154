"""Every place at which a process can die that records, sends, pulls, collects or erases, one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.killing import points_survived

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]


@pytest.mark.parametrize(
    "story",
    ["push", "record", "pull", "care collect", "care erase"],
    ids=lambda s: s.replace(" ", "-"),
)
def test_what_dies_at_any_io_boundary_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path, story: str
) -> None:
    module, *arguments = story.split()
    points = points_survived(root, module, tmp_path, *arguments)
    print(f"{story}: killed at {points} points")
    assert points > 100
