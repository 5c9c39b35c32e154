"""A sample of ``scripts/gate crash``: every eleventh place at which a push can die."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_push_that_dies_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ladle.testing.crash_push", str(tmp_path)]
    ran = subprocess.run(
        [*command, "--large-bytes", "200000", "--first", "5", "--step", "11"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == {}
    assert told["points"] >= 10


def test_a_run_that_dies_while_it_is_recorded_loses_nothing_that_was_acknowledged(
    root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "ladle.testing.crash_record", str(tmp_path)]
    ran = subprocess.run(
        [*command, "--first", "4", "--step", "13"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    assert told["wrong"] == {}
    assert told["points"] >= 10
