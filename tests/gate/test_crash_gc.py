"""Every place at which ladle gc or ladle erase can die, one after the other; and many stories of a store."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from tests.unit.store.store_model import StoreModel

pytestmark = [pytest.mark.gate, pytest.mark.timeout(1800)]


@pytest.mark.parametrize("command", ["collect", "erase"])
def test_a_command_that_dies_at_any_io_boundary_loses_nothing_and_is_finished_by_the_next(
    root: Path, tmp_path: Path, command: str
) -> None:
    arguments = [sys.executable, "-m", "ladle.testing.crash_care", str(tmp_path), command]
    ran = subprocess.run(arguments, cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout, ran.stderr
    told = json.loads(ran.stdout)
    print(f"{command}: killed at {told['points']} points")
    assert told["wrong"] == {}
    assert told["points"] > 100


def test_a_store_keeps_what_a_dictionary_would_keep_in_many_stories() -> None:
    wide = settings(max_examples=500, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(StoreModel, settings=wide)
