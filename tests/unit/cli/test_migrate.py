"""``ladle migrate`` as it is typed: one of three words, a model that is there, files that say what is next."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.catalog import Packaging, Target
from ladle.cli.main import main
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock
from ladle.project.left_file import left_path, write_left
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.releases.state import ReleaseState
from ladle.testing.releases import moved_story, stable_story
from ladle.wiring import open_workspace

FIRST = Home(Target.LAMBDA)
LOCK = Lock(Target.LAMBDA, Packaging.ZIP, None)
MOVING = Lock(Target.ECS, Packaging.IMAGE, None, base=2, leaves=FIRST)


@pytest.fixture
def package(here: Path) -> ModelPackage:
    """It was written down that the model moves."""
    found = ModelPackage(here / "model_packages" / "digits")
    write_left(found, "aws", Left(FIRST, {}))
    write_lock(found, "aws", MOVING)
    return found


def deployed(here: Path, state: ReleaseState) -> None:
    zipped = state.stable and replace(state.stable, packaging=Packaging.ZIP)
    known = replace(state, model="digits", generation=0, stable=zipped, outbox=())
    open_workspace(None, here).ledger.save(known, [], at=1.0)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["migrate", *words]) in (1, 2)
    return capsys.readouterr().err


def test_one_of_three_words_is_said_and_the_model_is_there(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in ((), ("--finish", "--undo"), ("--to", "ecs", "--finish")):
        assert "LD818" in refused(capsys, "digits", *words)
    assert 'did you mean "digits"' in refused(capsys, "digit", "--undo")
    assert "LD510" in refused(capsys, "digits", "--to", "ecs")


def test_a_move_of_which_nothing_is_deployed_is_taken_back_whole(
    here: Path, package: ModelPackage, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(here, stable_story(2).state)
    before = package.pinned.read_bytes()
    assert main(["migrate", "digits", "--undo", "--dry-run"]) == 0
    assert package.pinned.read_bytes() == before
    assert "digits  stays on lambda" in capsys.readouterr().out

    assert main(["migrate", "digits", "--undo", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["files"] == [
        "model_packages/digits/pinned.json",
        "model_packages/digits/left.aws.json",
    ]
    assert said["lock"]["leaves"] is None
    assert read_lock(package, "aws") == LOCK
    assert not left_path(package, "aws").exists()


def test_what_the_ledger_has_let_go_of_is_not_asked_for_again(
    here: Path, package: ModelPackage
) -> None:
    """As after a command that died between the ledger's answer and the file."""
    state = moved_story().state
    kept = tuple(r for r in state.releases if r.home != FIRST)
    deployed(here, replace(state, releases=kept, good=kept))
    assert main(["migrate", "digits", "--finish"]) == 0
    assert read_lock(package, "aws") == replace(MOVING, leaves=None)
    assert not left_path(package, "aws").exists()


def test_what_serves_in_the_home_that_would_go_is_refused_and_nothing_is_written(
    here: Path, package: ModelPackage, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed(here, stable_story(2).state)
    assert "LD285" in refused(capsys, "digits", "--finish")
    assert read_lock(package, "aws") == MOVING
    assert left_path(package, "aws").exists()
