"""``ladle add`` and ``ladle diff MODEL``: the files here, beside those of an experiment."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ladle.actions.push_data import push_data
from ladle.actions.snapshot_data import snapshot_data
from ladle.cli.main import main
from ladle.disk.silent import SILENT
from ladle.experiments.manifest import Code, DataInput, Environment, Manifest, RecordedExperiment
from ladle.wiring import open_index, open_workspace

Answer = Callable[..., dict[str, Any]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two files of data below ``data`` and one beside it."""
    (tmp_path / "model_packages" / "fraud").mkdir(parents=True)
    (tmp_path / "data" / "inner").mkdir(parents=True)
    (tmp_path / "data" / "a.csv").write_bytes(b"a")
    (tmp_path / "data" / "inner" / "b.csv").write_bytes(b"bb")
    (tmp_path / "test.csv").write_bytes(b"test")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LADLE_WORKSPACE", "dir:store")
    return tmp_path


@pytest.fixture
def answer(here: Path, capsys: pytest.CaptureFixture[str]) -> Answer:
    def run(*words: str) -> dict[str, Any]:
        assert main([*words, "--json"]) == 0
        answered: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answered

    return run


@pytest.fixture
def recorded(here: Path) -> RecordedExperiment:
    workspace, index = open_workspace(None, here), open_index(here)
    taken = {name: snapshot_data(here / name, index.files, SILENT) for name in ("data", "test.csv")}
    pushed = push_data(
        list(taken.values()), workspace.objects, index.packs, workspace.url, None, SILENT
    )
    manifest = Manifest(
        model="fraud",
        outcome="succeeded",
        created_at="2026-11-23T12:00:00Z",
        actor="A Person",
        previous=None,
        data=tuple(
            DataInput(name, s.digest, s.bytes, kind=s.kind, files=s.files)
            for name, s in taken.items()
        ),
        code=Code(None, False, None, ("python", "train.py")),
        params={},
        environment=Environment("3.13.0", "linux", "sha256:" + "0" * 64),
        metrics={"accuracy": 0.9},
        artefact=None,
    )
    locators = {pushed.layout: pushed.locator}
    return workspace.manifests.append(manifest, locators, pushed.layout)


def files(answered: dict[str, Any], name: str = "data") -> list[str] | None:
    (row,) = [row for row in answered["data"] if row["name"] == name]
    return None if row["files"] is None else [file["path"] for file in row["files"]]


def test_add_tells_the_digest_that_the_bytes_have(answer: Answer, here: Path) -> None:
    before = answer("add", "data", "test.csv")["data"]
    shutil.rmtree(here / ".ladle")
    assert answer("add", "data", "test.csv")["data"] == before
    assert [(row["path"], row["kind"], row["files"]) for row in before] == [
        ("data", "folder", 2),
        ("test.csv", "file", 1),
    ]


def test_files_that_are_as_they_were_are_the_same(
    answer: Answer, recorded: RecordedExperiment
) -> None:
    assert answer("diff", "fraud")["same"]
    assert answer("diff", "fraud")["id"] == recorded.manifest.id
    assert answer("diff", recorded.manifest.id[:8])["same"]


def test_every_file_that_differs_is_named(
    answer: Answer, recorded: RecordedExperiment, here: Path
) -> None:
    (here / "data" / "a.csv").unlink()
    (here / "data" / "inner" / "b.csv").write_bytes(b"other")
    (here / "data" / "new.csv").write_bytes(b"new")
    answered = answer("diff", "fraud")
    assert not answered["same"]
    assert files(answered) == ["a.csv", "inner/b.csv", "new.csv"]
    assert files(answered, "test.csv") == []


def test_it_reads_in_words(
    capsys: pytest.CaptureFixture[str], recorded: RecordedExperiment, here: Path
) -> None:
    (here / "data" / "a.csv").chmod(0o755)
    (here / "data" / "new\nline").write_bytes(b"new")
    (here / "test.csv").unlink()
    assert main(["diff", "fraud"]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "~ data: 3 B → 6 B",
        "    ~ a.csv: now executable",
        "    + 'new\\nline'",
        "- test.csv: gone",
    ]


def test_a_pinned_experiment_needs_no_store_until_a_folder_differs(
    answer: Answer, recorded: RecordedExperiment, here: Path
) -> None:
    pinned = here / "model_packages" / "fraud" / "pinned.json"
    pinned.write_text(json.dumps(recorded.to_json()))
    shutil.rmtree(here / "store")
    assert answer("diff", "fraud")["same"]
    (here / "data" / "a.csv").write_bytes(b"other")
    answered = answer("diff", "fraud")
    assert not answered["same"]
    assert files(answered) is None


def test_data_that_became_another_kind_of_thing_has_changed(
    answer: Answer, recorded: RecordedExperiment, here: Path
) -> None:
    shutil.rmtree(here / "data")
    (here / "data").write_bytes(b"a file now")
    assert not answer("diff", "fraud")["same"]


def test_a_model_without_experiments_says_how_to_record_one(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "fraud"]) == 1
    assert "LD301" in capsys.readouterr().err
