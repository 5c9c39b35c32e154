"""``ladle status``: committed, handed over and live are three things, and each is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ladle.cli.main import main
from ladle.config.parse import parse
from ladle.planning.resolve import rollout_policy
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.releases.state import Release, ReleaseState
from ladle.wiring import open_workspace

Status = Callable[[], dict[str, Any]]


@pytest.fixture
def here(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(root / "model_packages" / "digits", tmp_path / "model_packages" / "digits")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADLE_WORKSPACE", "dir:store")
    return tmp_path


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
    assert "digits  committed, never deployed: ladle deploy" in capsys.readouterr().out


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


def hand_over(here: Path) -> None:
    """What a deploy leaves in the ledger of another commit's release."""
    config = parse((here / "model_packages/digits/model.yaml").read_bytes(), "").config
    assert config is not None
    digest = "sha256:" + "a" * 64
    release = Release(1, digest, digest, None, 1.0, rollout_policy(config))
    state = ReleaseState(
        "digits",
        phase=Phase.STABLE,
        stable=release,
        good=(release,),
        releases=(release,),
        statuses={1: ReleaseStatus.GOOD},
        handed_over=digest,
    )
    open_workspace(None, here).ledger.save(state, [], at=1.0)
