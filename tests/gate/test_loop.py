"""The whole loop, told once: the story of ``scripts/demo``, and what it must have come to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.gate, pytest.mark.embedded, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def told(root: Path) -> dict[str, Any]:
    """The one object that the demo prints, after all its processes have ended."""
    played = subprocess.run(
        [sys.executable, "-m", "ladle.embedded.demo", "--json"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stderr[-4000:]
    return dict(json.loads(played.stdout))


def test_every_stage_of_the_story_ends_well(told: dict[str, Any]) -> None:
    assert [s["name"] for s in told["stages"] if not s["ok"]] == []
    assert len(told["stages"]) == 9


def test_the_damaged_release_is_rolled_back_on_evidence(told: dict[str, Any]) -> None:
    assert told["rolled_back"]["release"] == 2
    assert told["rolled_back"]["log_e"] >= 4.605


def test_the_same_commit_deployed_again_changes_nothing(told: dict[str, Any]) -> None:
    assert told["redeploy_same_commit"] == "unchanged"


def test_the_quarantined_experiment_pinned_again_is_refused(told: dict[str, Any]) -> None:
    assert told["repin_of_quarantined"] == "refused"


def test_the_better_release_serves_all_traffic_in_the_end(told: dict[str, Any]) -> None:
    states = {r["release"]: r["state"] for r in told["releases"]}
    assert states == {1: "GOOD", 2: "ROLLED_BACK", 3: "GOOD"}
    assert told["alias"] == {"version": "3", "weights": {"3": 1.0}}


def test_every_release_serves_the_experiment_that_was_recorded_for_it(told: dict[str, Any]) -> None:
    assert [r["experiment"] for r in told["releases"]] == told["experiments"]


def test_why_names_the_rows_and_cites_a_record_in_each_sentence(told: dict[str, Any]) -> None:
    sentences = told["why"]["sentences"]
    assert all(s["records"] for s in sentences)
    assert any("data/train.csv" in s["text"] and "rows" in s["text"] for s in sentences)


def test_the_page_stands_for_itself(told: dict[str, Any]) -> None:
    html = Path(told["page"]).read_text()
    assert "<svg" in html
    assert 'src="http' not in html


def test_nothing_is_left_running(told: dict[str, Any], root: Path) -> None:
    del told
    assert not (root / ".ladle/demo/repository/.ladle/embedded/state.json").exists()
