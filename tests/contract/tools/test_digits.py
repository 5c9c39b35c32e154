"""The model that comes with the repository is what its pin says, and can be made again."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from ladle import digest
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.row_words import in_words
from ladle.experiments.rows import RowsDifference, Table, compare_rows, read_table
from ladle.tools.model_jail import ModelJail


@pytest.fixture
def package(root: Path) -> Path:
    return root / "model_packages" / "digits"


@pytest.fixture
def pinned(package: Path) -> RecordedExperiment:
    return RecordedExperiment.from_json(json.loads((package / "pinned.json").read_text()))


@pytest.fixture
def copy(package: Path, tmp_path: Path) -> Path:
    """The script alone in a folder, so that what it writes is seen."""
    shutil.copy(package / "make_data.py", tmp_path)
    return tmp_path


def make_data(folder: Path, *options: str) -> bytes:
    script = str(folder / "make_data.py")
    subprocess.run([sys.executable, script, *options], check=True)
    return (folder / "data" / "train.csv").read_bytes()


def table(content: bytes) -> Table:
    read = read_table("data/train.csv", content)
    assert read is not None
    return read


def test_the_model_file_is_the_pinned_one_and_reads_as_the_pin_says(
    package: Path, pinned: RecordedExperiment
) -> None:
    artefact = pinned.manifest.artefact
    assert artefact is not None
    content = (package / artefact.name).read_bytes()
    assert str(digest.of_bytes(content)) == artefact.digest
    facts = ModelJail().inspect(package / artefact.name)
    assert (facts.format, facts.signature, facts.opset) == (
        artefact.format,
        artefact.signature,
        artefact.opset,
    )


def test_the_pin_names_no_place_of_the_machine_that_made_it(package: Path) -> None:
    pinned = (package / "pinned.json").read_text()
    assert not [word for word in ("/home/", "/root", "/tmp", "/work", "://") if word in pinned]


def test_data_is_made_the_same_each_time_and_as_it_was_pinned(
    copy: Path, package: Path, pinned: RecordedExperiment
) -> None:
    first = make_data(copy)
    assert make_data(copy) == first
    assert str(digest.of_bytes(first)) == pinned.manifest.data[0].digest
    assert (copy / "live.csv").read_bytes() == (package / "live.csv").read_bytes()


def test_no_live_row_was_trained_on(copy: Path) -> None:
    trained = {row[:-1] for row in table(make_data(copy)).rows}
    live = {row[:-1] for row in table((copy / "live.csv").read_bytes()).rows}
    assert len(live) == 360
    assert not trained & live


def test_the_damage_is_in_the_labels_of_one_slice(copy: Path) -> None:
    honest, damaged = table(make_data(copy)), table(make_data(copy, "--flip-slice"))
    difference: RowsDifference = compare_rows(honest, damaged)
    assert in_words("train.csv", difference) == (
        "train.csv: 406 of 1,437 rows differ, only in column `label` "
        "(5 → 8: 141, 9 → 8: 141, 3 → 8: 124)"
    )
    assert {row[-1] for row in damaged.rows} == {str(n) for n in range(10)}


def test_the_pinned_model_is_right_about_live_rows(package: Path) -> None:
    with (package / "live.csv").open(newline="") as file:
        rows = np.array(list(csv.reader(file))[1:], dtype=np.float32)
    session = onnxruntime.InferenceSession((package / "model.onnx").read_bytes())
    (labels,) = session.run(["label"], {"pixels": rows[:, :-1]})
    assert np.mean(labels == rows[:, -1]) > 0.94
