"""A team installs a newer Ladle: nothing changes, until ``ladle upgrade`` says so model by model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.deployed import first_release
from tests.unit.project.runtimes import keep_older

from ladle.catalog import Packaging, Target
from ladle.cli.main import main
from ladle.planning.service_spec import Left
from ladle.policy.lock import Home, Lock, Runtime
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.project.kept_runtimes import installed
from ladle.project.left_file import left_path, write_left
from ladle.project.pinned_lock import read_lock, write_lock
from ladle.project.repository import ModelPackage
from ladle.releases.state import ReleaseState
from ladle.wiring import open_workspace

LOST = Lock(Target.LAMBDA, Packaging.IMAGE, Runtime("sha256:" + "f" * 64, "0.0.8"))
Ladle = Callable[..., dict[str, Any]]


@pytest.fixture
def ladle(here: Path, capsys: pytest.CaptureFixture[str]) -> Ladle:
    def run(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return run


def deployed_with(here: Path, runtime: Runtime, planned: dict[str, Any]) -> None:
    """What a deploy by the Ladle that brought ``runtime`` left in the ledger."""
    packaging = Packaging(planned["packaging"])
    release = replace(first_release(here, planned), packaging=packaging, runtime=runtime)
    state = ReleaseState(
        "digits",
        phase=Phase.STABLE,
        releases=(release,),
        handed_over=release.release_digest,
        statuses={1: ReleaseStatus.GOOD},
    )
    open_workspace(None, here).ledger.save(state, [], at=1.0)


@pytest.fixture
def older(here: Path, ladle: Ladle) -> Runtime:
    """The runtime of the deployed release; this Ladle brings another."""
    runtime = keep_older(here)
    [planned] = ladle("plan")["models"]
    deployed_with(here, runtime, planned)  # so that the lock is known
    [planned] = ladle("plan")["models"]
    deployed = open_workspace(None, here).ledger.load("digits")
    assert planned["release_digest"] != deployed.handed_over, "it is built of other files"
    shutil.rmtree(here / "store")
    deployed_with(here, runtime, planned)
    return runtime


def test_a_newer_ladle_changes_no_deployed_model(ladle: Ladle, older: Runtime) -> None:
    [planned] = ladle("plan")["models"]
    assert planned["change"] == "unchanged"
    assert planned["runtime"] == {"digest": older.digest, "ladle": "0.0.9"}
    assert planned["runtime_available"]["digest"] != older.digest


def test_plan_and_status_say_that_a_newer_runtime_is_there(
    ladle: Ladle, older: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("plan", "status"):
        assert main([command]) == 0
        said = capsys.readouterr().out
        assert f"{older}; this one is of Ladle" in said
        assert "ladle upgrade digits" in said


def test_a_dry_run_says_it_and_writes_nothing(here: Path, ladle: Ladle, older: Runtime) -> None:
    pinned = here / "model_packages/digits/pinned.json"
    before = pinned.read_bytes()
    [said] = ladle("upgrade", "digits", "--dry-run")["models"]
    assert (said["upgrades"], said["makes_release"]) == (True, True)
    assert said["from"]["digest"] == older.digest
    assert pinned.read_bytes() == before


def test_an_upgrade_makes_one_new_release_and_then_none(ladle: Ladle, older: Runtime) -> None:
    assert ladle("upgrade", "--all")["models"][0]["upgrades"]
    [planned] = ladle("plan")["models"]
    assert planned["change"] == "new release"
    assert planned["runtime_available"] is None
    [again] = ladle("upgrade", "digits")["models"]
    assert not again["upgrades"]


def test_an_upgrade_leaves_a_move_as_it_is(here: Path, ladle: Ladle, older: Runtime) -> None:
    package = ModelPackage(here / "model_packages/digits")
    moving = Lock(Target.ECS, Packaging.IMAGE, older, base=1, leaves=Home(Target.LAMBDA))
    write_left(package, "aws", Left(Home(Target.LAMBDA), {}))
    write_lock(package, "aws", moving)
    assert ladle("upgrade", "digits")["models"][0]["upgrades"]
    lock = read_lock(package, "aws")
    assert lock == replace(moving, runtime=installed())
    assert left_path(package, "aws").exists()


def test_what_does_not_reach_the_model_makes_no_release(here: Path, ladle: Ladle) -> None:
    [planned] = ladle("plan")["models"]
    deployed_with(here, keep_older(here, "ladle_runtime/serving/server_entry.py"), planned)
    [said] = ladle("upgrade", "digits")["models"]
    assert (said["upgrades"], said["makes_release"]) == (True, False)
    assert ladle("plan")["models"][0]["change"] == "unchanged"


def test_a_runtime_that_is_lost_can_be_upgraded_from(
    here: Path, ladle: Ladle, older: Runtime, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(here / ".ladle")
    write_lock(ModelPackage(here / "model_packages/digits"), "aws", LOST)
    assert main(["plan"]) == 1
    assert "ladle upgrade" in capsys.readouterr().err
    assert ladle("upgrade", "digits")["models"][0]["makes_release"]
    assert ladle("plan")["models"][0]["change"] == "new release"


def test_a_model_or_all_of_them_has_to_be_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["upgrade"]) == 2
    assert "LD817" in capsys.readouterr().err
    assert main(["upgrade", "digit"]) == 1
    assert 'did you mean "digits"' in capsys.readouterr().err
