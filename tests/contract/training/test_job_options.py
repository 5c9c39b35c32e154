"""What is refused before a job is started, and the wheel that it is sent."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ladle.cli.record import record
from ladle.errors import LadleError, UsageError
from ladle.tools.job_files import pack_job
from ladle.tools.own_wheel import write_wheel
from ladle.tools.processes import inherited
from ladle.wiring import open_training_jobs

TRAIN = ["python3", "train.py"]


def test_a_folder_that_is_taken_along_brings_neither_secrets_nor_what_ladle_keeps(
    tmp_path: Path,
) -> None:
    root, place = tmp_path / "here", tmp_path / "tree"
    place.mkdir()
    for name in (".env", ".git/config", ".ladle/index.sqlite", "big/rows.csv", "big/a.pem"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    files = pack_job(tmp_path / "packed", place, root, place, ["."], {"folder": "."})
    with tarfile.open(files["data"]) as data:
        assert sorted(n for n in data.getnames() if "." in n[1:]) == ["big/rows.csv"]


def test_our_own_wheel_installs_without_an_index_and_imports(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir(), second.mkdir()
    wheel = write_wheel(first)
    assert wheel.read_bytes() == write_wheel(second).read_bytes()
    site = tmp_path / "site"
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*words, "--target", str(site), str(wheel)], check=True)
    code = "import ladle, ladle.recorder; print(ladle.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=inherited({"PYTHONPATH": str(site)}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(str(site))


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (None, {}),
        (TRAIN, {"image": "i"}),
        (TRAIN, {"on": "sagemaker"}),
        (None, {"on": "sagemaker", "image": "i", "role": "r"}),
        (None, {"on": "sagemaker", "image": "i", "job": "j"}),
        (None, {"on": "sagemaker", "offline": True, "job": "j"}),
    ],
)
def test_options_that_do_not_go_together_are_told(
    command: list[str] | None, options: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="LD255"):
        record("digits", command, **options)


def test_a_folder_has_no_sagemaker(tmp_path: Path) -> None:
    with pytest.raises(LadleError, match="LD254"):
        open_training_jobs("dir:store", tmp_path)
