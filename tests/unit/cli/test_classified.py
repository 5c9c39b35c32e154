"""``ladle check`` and ``ladle plan`` say what capture does with each field of the digits model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ladle.cli.main import main


def ask_for(here: Path, classify: str) -> None:
    with (here / "model_packages/digits/model.yaml").open("a") as config:
        config.write(f"capture: {{enabled: true, classify: {classify}}}\n")


def test_fields_that_are_not_named_are_told_as_dropped(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(here, "{label: keep}")
    assert main(["check"]) == 0
    note = "capture drops pixels, probabilities: classify does not name them"
    assert note in capsys.readouterr().err
    assert main(["check", "--json"]) == 0
    [model] = json.loads(capsys.readouterr().out)["models"]
    assert note in model["notes"]


def test_a_name_that_is_no_field_is_told_at_the_config(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(here, "{lable: keep}")
    assert main(["check"]) == 1
    said = capsys.readouterr().err
    assert "LD151" in said
    assert 'did you mean "label"?' in said


def test_of_a_model_that_captures_nothing_nothing_is_said(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    assert "capture" not in capsys.readouterr().err


def test_a_plan_says_what_is_kept_where_and_for_how_long(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask_for(here, "{pixels: hash, label: keep}")
    assert main(["plan"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "captures keeps label; hashes pixels; drops probabilities in the log" in said
    assert main(["plan", "--json"]) == 0
    [model] = json.loads(capsys.readouterr().out)["models"]
    assert model["captured"]["kept"] == ["label"]
