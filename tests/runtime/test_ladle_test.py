"""``ladle test`` serves the package, and says where an answer differs from what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIG = "name: flowers\nmodel: model.onnx\ntype: classification\n"
REQUEST = {"inputs": [[1, 2, 3, 4]]}


@pytest.fixture
def package(tmp_path: Path, model_file: Path) -> Path:
    folder = tmp_path / "model_packages" / "flowers"
    (folder / "golden").mkdir(parents=True)
    (folder / "model.yaml").write_text(CONFIG)
    (folder / "model.onnx").write_bytes(model_file.read_bytes())
    return folder


def write(package: Path, name: str, **fields: Any) -> None:
    (package / "golden" / f"{name}.json").write_text(json.dumps({"request": REQUEST, **fields}))


def ladle_test(package: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ladle", "test", "--requests", "100", *options]
    return subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)


def test_a_package_that_answers_as_written_passes(package: Path) -> None:
    write(package, "row", answer={"predictions": [{"label": 2}]})
    write(package, "short", answer={"code": "LD410"}, status=422, path="/v2/models/flowers/infer")
    done = ladle_test(package)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["flowers", "  golden  2 of 2 answered as written"]
    assert lines[2].startswith("  fuzz    100 requests: ")
    assert lines[2].endswith(" 0 at fault")


def test_a_difference_is_named_and_is_a_failure(package: Path) -> None:
    write(package, "row", answer={"predictions": [{"label": 0}]})
    done = ladle_test(package, "--json")
    [tested] = json.loads(done.stdout)["models"]
    assert done.returncode == 1
    assert tested["golden"] == [
        {"name": "row", "differences": ["predictions[0].label is 2, not 0"]}
    ]
    assert (tested["good"], tested["fuzz"]["faulty"]) == (False, 0)


def test_a_transform_that_fails_is_found_without_any_golden_request(package: Path) -> None:
    with (package / "model.yaml").open("a") as config:
        config.write("transform: transform.py\n")
    (package / "transform.py").write_text("def after(outputs):\n    return 1 / 0\n")
    done = ladle_test(package)
    assert done.returncode == 1
    assert "answers 500 LD402" in done.stdout
    assert "golden/NAME.json" in done.stderr


def test_a_file_that_is_no_golden_request_is_said(package: Path) -> None:
    (package / "golden" / "row.json").write_text('{"question": 1}')
    done = ladle_test(package)
    assert (done.returncode, "LD437 golden/row.json" in done.stderr) == (1, True)


def test_what_is_measured_stands_in_the_package_and_is_what_the_plan_computes_with(
    package: Path,
) -> None:
    write(package, "row", answer={"predictions": [{"label": 2}]})
    done = ladle_test(package, "--measure", "--json")
    [tested] = json.loads(done.stdout)["models"]
    kept = json.loads((package / "measured.json").read_text())
    assert tested["measured"] == kept
    assert 0 < kept["p50_ms"] <= kept["p99_ms"]
    assert kept["peak_mb"] > 10
    assert f"measured: {kept['peak_mb']:,.0f} MB of memory, half of 300" in plan(package)

    (package / "model.onnx").write_bytes((package / "model.onnx").read_bytes() + b"\x3a\x00")
    assert "measured.json is of another model, so memory and latency are guessed" in plan(package)


def plan(package: Path) -> str:
    """What it says, its lines put together again."""
    command = [sys.executable, "-m", "ladle", "plan"]
    done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=False)
    return " ".join(done.stdout.split())


def test_a_model_that_does_not_answer_cannot_be_measured(package: Path) -> None:
    with (package / "model.yaml").open("a") as config:
        config.write("transform: transform.py\n")
    (package / "transform.py").write_text("def after(outputs):\n    return 1 / 0\n")
    done = ladle_test(package, "--measure")
    assert (done.returncode, "LD442" in done.stderr) == (1, True)
    assert not (package / "measured.json").exists()


def test_a_measurement_that_cannot_be_read_is_said(package: Path) -> None:
    (package / "measured.json").write_text('{"speed": "high"}')
    done = ladle_test(package)
    assert (done.returncode, "LD261 measured.json cannot be read" in done.stderr) == (1, True)
