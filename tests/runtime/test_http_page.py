"""Each shell line of docs/http.md works as it stands there, against the model of the quickstart."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ladle.cli.init import TEMPLATE
from ladle.tools import processes
from ladle.tools.serving_process import ServingProcess

HERE = "http://127.0.0.1:8080"
REFUSED = '{"inputs": [[5.1, 3.5]]}'  # the line that shows an error


def blocks(root: Path, language: str) -> list[str]:
    text = (root / "docs" / "http.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flowers")
    command = [sys.executable, "-m", "ladle", "init", "iris"]
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    spec = {
        "type": "classification",
        "backend": "onnx",
        "key": "$.label",
        "window_s": 60,
        "threads": 1,
        "transform": None,
    }
    environment = {
        "LADLE_MODEL": "iris",
        "LADLE_MODEL_FILE": str(TEMPLATE / "model_packages" / "NAME" / "model.onnx"),
        "LADLE_SPEC": json.dumps(spec),
    }
    with ServingProcess(environment, processes.free_port(), quiet=True) as process:
        process.wait_until_ready()
        yield process.url


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, as the page does")
def test_every_line_works(
    root: Path, url: str, repository: Path, subtests: pytest.Subtests
) -> None:
    inherited = processes.inherited()
    path = f"{Path(sys.executable).parent}{os.pathsep}{inherited['PATH']}"
    lines = [line for block in blocks(root, "sh") for line in block.splitlines()]
    assert len(lines) > 10
    for line in lines:
        with subtests.test(line):
            answers = ("--silent --show-error", "--fail-with-body")
            options = " ".join(answers if REFUSED not in line else answers[:1])
            command = line.replace("curl ", f"curl {options} ").replace(HERE, url)
            done = subprocess.run(
                ["sh", "-ec", command],
                cwd=repository,
                env={**inherited, "PATH": path},
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert (b"LD413" in done.stdout) == (REFUSED in line)


def test_what_is_shown_as_json_is_json(root: Path) -> None:
    for block in blocks(root, "json"):
        assert json.loads(block)
