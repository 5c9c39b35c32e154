"""``ladle status``: committed, handed over and live are three things, and each is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.deployed import DIGEST, UNKNOWN, first_release

from ladle.actions.read_status import read_status
from ladle.catalog import Packaging, Target
from ladle.cli.main import main
from ladle.cli.release_words import homes_line, state_json, where
from ladle.disk.clock import SystemClock
from ladle.disk.traffic_router import DiskTrafficRouter
from ladle.disk.workspace import disk_workspace
from ladle.errors import LadleError
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import ObservedTraffic
from ladle.quality.counts import MICRO, Counts, WindowKey
from ladle.quality.drift import reference_key
from ladle.releases.decide import decide
from ladle.releases.events import Ask, PersonAsked
from ladle.releases.state import ReleaseState
from ladle.testing.releases import moved, moving_story, stable_story
from ladle.wiring import open_workspace

Status = Callable[[], dict[str, Any]]


@pytest.fixture
def status(here: Path, capsys: pytest.CaptureFixture[str]) -> Status:
    def run() -> dict[str, Any]:
        assert main(["status", "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def test_what_is_committed_and_never_deployed_is_named(
    status: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status()["never_deployed"] == ["digits"]
    assert main(["status"]) == 0
    assert "digits  committed, not deployed: ladle deploy" in capsys.readouterr().out


def test_committed_handed_over_and_live_are_told_apart(
    here: Path, status: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_over(here)
    found = status()
    [digits] = found["models"]
    assert found["never_deployed"] == []
    assert digits["handed_over"] == "sha256:" + "a" * 64
    assert digits["committed"] != digits["handed_over"]
    assert digits["live"] is None, "no alias was ever written here"
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    for line in ("  live ", "  handed over  release 1", "  committed    not deployed yet"):
        assert line in said


def test_what_a_first_release_still_lacks_is_told_line_by_line(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_over(here, Phase.BASELINE)
    assert main(["status"]) == 0
    said = capsys.readouterr().out.split("\n")
    [at] = [n for n, line in enumerate(said) if line.startswith("  not proven   0 of ")]
    assert said[at].endswith("requests seen")
    assert said[at + 1] == " " * 15 + "0 of 150 labels came"


def test_what_labels_and_bins_say_is_told_and_decides_nothing(
    here: Path, status: Status, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_over(here)
    counters = open_workspace(None, here).counters
    now = float(int(SystemClock().now()))
    labelled = Counts(200, labelled_micro=200 * MICRO, wrong_micro=20 * MICRO)
    moved = Counts(tallies={"d.age.0": 900, "d.age.1": 100})
    classes = Counts(tallies={"c.3": 100 * MICRO, "cw.3": 19 * MICRO, "c.8": 100 * MICRO})
    counters.add({"a": {WindowKey("digits", 1, now): labelled + moved + classes}})
    counters.add(
        {"r": {reference_key("digits", 1): Counts(tallies={"r.age.0": 500, "r.age.1": 500})}}
    )
    [digits] = status()["models"]
    assert digits["measures"] == {"1": {"accuracy": 0.9, "balanced_accuracy": 0.905}}
    assert digits["recalls"]["1"]["3"] == {"labelled": 100, "right": 81}
    assert digits["drifts"]["1"][0]["distance"] == pytest.approx(0.4)
    assert digits["estimate_before_labels"] is None
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "labels       release 1, last day: accuracy 0.9" in said
    assert "last day: 3 right in 81 % of 100, 8 right in 100 % of 100" in said
    assert "drift        release 1 against its training: age (40 % of rows)" in said


def test_a_model_that_was_taken_down_is_not_deployed(here: Path, status: Status) -> None:
    hand_over(here)
    ledger = open_workspace(None, here).ledger
    taken_down = PersonAsked(Ask.REMOVE, by="ada")
    decision = decide(ledger.load("digits"), taken_down, now=2.0)
    ledger.save(decision.state, decision.records, at=2.0)
    assert status() == {"schema": 1, "models": [], "never_deployed": ["digits"]}


def test_traffic_that_cannot_be_read_hides_no_other_model(tmp_path: Path) -> None:
    workspace = disk_workspace(tmp_path, "dir:store")
    workspace.ledger.save(ReleaseState("digits", phase=Phase.STABLE), (), at=1.0)
    found = read_status(replace(workspace, router=Unreadable()), "digits", now=2.0)
    assert (found.live, found.unread) == (None, "the endpoint failed")


class Unreadable(DiskTrafficRouter):
    """An endpoint that failed."""

    def __init__(self) -> None:
        """It has no folder."""

    def read(self, model: str) -> ObservedTraffic | None:
        raise LadleError("LD506", "the endpoint failed", "deploy again")


def hand_over(here: Path, phase: Phase = Phase.STABLE) -> None:
    """What a deploy leaves in the ledger of another commit's release."""
    release = first_release(here, UNKNOWN)
    state = ReleaseState(
        "digits",
        phase=phase,
        stable=release,
        good=(release,),
        releases=(release,),
        statuses={1: ReleaseStatus.GOOD},
        handed_over=DIGEST,
    )
    open_workspace(None, here).ledger.save(state, [], at=1.0)


def test_while_a_model_moves_each_release_has_its_place() -> None:
    assert homes_line(stable_story(2).state) is None
    state = moving_story().state
    assert homes_line(state) == "releases 1 and 2 on lambda, left; release 3 on ecs, new"
    assert state_json(state)["moves"] is True
    assert state_json(state)["releases"][0]["target"] == "ecs"
    waits = replace(moved(4), base=state.the_candidate.base)
    line = homes_line(replace(state, waiting=(waits,)))
    assert line is not None
    assert line.endswith("releases 3 and 4 on ecs, new")


def test_of_two_functions_it_is_said_which_is_new() -> None:
    """After a rollback too: the newer of both stays the one that the model moves to."""
    state = moving_story(1).state
    old = replace(state.the_stable, packaging=Packaging.ZIP)
    new = replace(state.the_candidate, target=Target.LAMBDA)
    for stable, candidate in ((old, new), (old, None), (new, None)):
        two = replace(state, stable=stable, candidate=candidate, good=(old, new))
        assert (
            homes_line(two) == "release 1 on lambda (zip), left; release 2 on lambda (image), new"
        )


def test_a_function_is_named_with_how_it_is_packed() -> None:
    assert where(replace(moved(1), target=Target.LAMBDA)) == "lambda (image)"
