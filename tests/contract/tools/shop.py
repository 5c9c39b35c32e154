"""A repository as people have one, with a script that records and a workspace in a folder beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

from ladle.experiments.manifest import RecordedExperiment
from ladle.tools.processes import inherited

SCRIPT = """
import sys
import ladle

with ladle.record("digits") as run:
    run.data("train.csv")
    run.params(hidden=16, optimiser={"name": "adam"})
    print("training")
    if "--fail" in sys.argv:
        raise ValueError("the data is empty")
    run.metrics(accuracy=0.97)
    run.model("model.onnx")
"""


def model() -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Neg", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
    )
    opsets = [helper.make_opsetid("", 17)]
    made: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    return bytes(made.SerializeToString())


@dataclass(frozen=True)
class Shop:
    """A committed repository with one model package, and its workspace in a folder beside it."""

    root: Path

    @property
    def package(self) -> Path:
        return self.root / "model_packages" / "digits"

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        settings = {
            "LADLE_WORKSPACE": "dir:../store",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.com",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com",
        }
        return subprocess.run(
            words,
            cwd=cwd or self.package,
            env=inherited(settings),
            capture_output=True,
            text=True,
            check=False,
        )

    def ladle(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "ladle", *words)

    def json(self, *words: str) -> Any:
        done = self.ladle(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def newest(self) -> RecordedExperiment:
        return RecordedExperiment.from_json(self.json("log", "digits")["experiments"][0])

    def output(self) -> str:
        return self.ladle("show", self.newest().manifest.id, "--output").stdout


def committed_shop(root: Path, **more: str) -> Shop:
    """With the script, its data and its model; ``more`` are texts by name of the root's files."""
    made = Shop(root)
    made.package.mkdir(parents=True)
    (made.package / "train.py").write_text(SCRIPT)
    (made.package / "train.csv").write_text("pixel,label\n0,3\n1,5\n2,3\n")
    (made.package / "model.onnx").write_bytes(model())
    (made.package / "model.yaml").write_text("name: digits\nmodel: model.onnx\ntype: generic\n")
    for name, text in more.items():
        (made.root / name).write_text(text)
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "first"]):
        assert made.run("git", *words, cwd=made.root).returncode == 0
    return made
