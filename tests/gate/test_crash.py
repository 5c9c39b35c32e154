"""Every place at which a process can die while it sends a run, one after the other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.gate


def test_a_push_that_dies_at_any_io_boundary_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ladle.testing.crash_push", str(tmp_path)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    print(f"killed at {told['points']} points")
    assert told["wrong"] == {}
    assert told["points"] > 100


def test_a_run_that_dies_at_any_io_boundary_while_it_is_recorded_loses_nothing(
    root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ladle.testing.crash_record", str(tmp_path)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    print(f"killed at {told['points']} points")
    assert told["wrong"] == {}
    assert told["points"] > 100
