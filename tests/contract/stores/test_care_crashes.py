"""A sample of ``scripts/gate crash_gc``: some of the places at which gc and erase can die."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("command", "first"), [("collect", 9), ("erase", 13)])
def test_a_command_that_dies_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path, command: str, first: int
) -> None:
    arguments = [sys.executable, "-m", "ladle.testing.crash_care", str(tmp_path), command]
    ran = subprocess.run(
        [*arguments, "--first", str(first), "--step", "23"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == {}
    assert told["points"] >= 5
