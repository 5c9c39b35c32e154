"""What ``ladle check`` and ``ladle explain`` answer, on stdout, and say, on stderr."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ladle.cli.main import main

THREE = "name: {name}\nmodel: model.onnx\ntype: classification\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(root: Path, name: str, more: str = "") -> Path:
    package = root / "model_packages" / name
    package.mkdir(parents=True)
    (package / "model.yaml").write_text(THREE.format(name=name) + more)
    (package / "model.onnx").write_bytes(b"\x08\x09")
    return package / "model.yaml"


def test_a_sound_repository_counts_its_models(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("churn", "fraud", "price"):
        add(here, name)
    assert main(["check"]) == 0
    said = capsys.readouterr()
    assert said.out == "3 models, 0 errors\n"
    assert said.err.count("200 requests take about 4.8h") == 1, "a note is said once, not per model"


def test_no_labels_is_a_note_and_no_error(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(here, "fraud")
    assert main(["check"]) == 0
    assert "no quality guard: labels.sources is empty" in capsys.readouterr().err


def test_what_a_trial_would_catch_is_a_note_of_each_guard(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(here, "fraud")
    add(here, "rare", "traffic: {expected_per_day: 1}\nrollout: {on_inconclusive: hold}\n")
    assert main(["check"]) == 0
    said = capsys.readouterr().err
    assert "failed requests: a rise from 0.5% to 3.9% is caught within 4.8h with 50%" in said
    assert "slow answers: no rise is caught within 24h, since traffic is too thin" in said
    assert main(["check", "--json"]) == 0
    [fraud, rare] = json.loads(capsys.readouterr().out)["models"]
    assert fraud["trial"]["candidate_requests"] == 200
    assert {row["with_50_percent"] for row in rare["trial"]["catches"]} == {None}


def test_mistakes_are_said_on_stderr_and_make_it_fail(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(here, "fraud", "target: lamda\ncolour: red\n")
    assert main(["check"]) == 1
    said = capsys.readouterr()
    assert said.out == "1 model, 2 errors\n"
    assert "model_packages/fraud/model.yaml:4:9 LD107" in said.err
    assert "5 | colour: red" in said.err


def test_paths_may_name_a_file_a_package_or_a_repository(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = add(here / "other", "fraud")
    other_name = config.with_name("fraud.yaml")
    config.rename(other_name)
    for path in (other_name, add(here, "churn"), here / "model_packages" / "churn", here):
        assert main(["check", str(path)]) == 0
        assert capsys.readouterr().out == "1 model, 0 errors\n"


def test_a_path_without_a_config_is_a_finding(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "nowhere.yaml"]) == 1
    assert "nowhere.yaml LD122" in capsys.readouterr().err


def test_what_no_target_can_take_is_told_at_the_config(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(here, "fraud", "traffic: {payload_mb: 20}\n")
    assert main(["check"]) == 1
    assert "payload of 20 MB is more than a function's 6" in capsys.readouterr().err


def test_json_is_one_object_with_every_place(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(here, "fraud", "colour: red\n")
    assert main(["check", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["schema"] == 1
    assert said["errors"] == 1
    [finding] = said["findings"]
    assert (finding["line"], finding["column"], finding["code"]) == (4, 1, "LD106")
    assert [model["ok"] for model in said["models"]] == [False]


def test_a_code_is_explained_however_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    for written in ("LD106", "ld106", "106"):
        assert main(["explain", written]) == 0
        said = capsys.readouterr().out
        assert said.startswith("LD106 An unknown key\n\n")
        assert max(map(len, said.splitlines())) <= 100


def test_an_unknown_code_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "LD1066"]) == 1
    assert 'did you mean "LD106"' in capsys.readouterr().err


def test_the_schema_is_printed_as_it_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == ["name", "model", "type"]
