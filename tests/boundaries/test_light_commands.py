"""The commands of the inner loop load nothing heavy: no cloud, no CDK, no web, no model runtime.

What reads no config loads no pydantic either, which is half of such a command.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("boto3", "botocore", "aws_cdk", "jsii", "fastapi", "numpy", "onnx", "onnxruntime", "rich")
RUN = """
import sys
from ladle.cli.main import main
status = main(sys.argv[2:])
loaded = [name for name in sys.argv[1].split(",") if name in sys.modules]
sys.exit(f"{status} {loaded}" if status or loaded else 0)
"""


NO_CONFIG = ("add model_packages", "explain LD106", "--help", "--version")


@pytest.mark.parametrize("words", ["check", "schema", *NO_CONFIG])
def test_a_light_command_loads_nothing_heavy(words: str, tmp_path: Path) -> None:
    heavy = (*HEAVY, "pydantic") if words in NO_CONFIG else HEAVY
    package = tmp_path / "model_packages" / "fraud"
    package.mkdir(parents=True)
    (package / "model.yaml").write_text("name: fraud\nmodel: model.onnx\ntype: generic\n")
    (package / "model.onnx").write_bytes(b"\x08\x09")
    command = [sys.executable, "-c", RUN, ",".join(heavy), *words.split()]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
