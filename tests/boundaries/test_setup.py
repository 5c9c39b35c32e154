"""scripts/setup refuses in three parts, before it downloads anything."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ladle.embedded.lifecycle import find_emulator
from ladle.tools.cdk import find_cdk


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A checkout that was never set up."""
    for name in ("scripts", "locks"):
        shutil.copytree(root / name, tmp_path / name)
    for name in ("package.json", "package-lock.json", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH that holds what a shell script needs, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "dirname"):
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def add_tool(folder: Path, name: str, answer: str) -> None:
    tool = folder / name
    tool.write_text(f"#!/bin/sh\necho {answer}\n")
    tool.chmod(0o755)


def run_setup(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(checkout / "scripts" / "setup")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_missing_node_is_named(checkout: Path, bare_path: Path) -> None:
    refused = run_setup(checkout, PATH=str(bare_path), PYTHON=sys.executable)
    assert refused.returncode == 1
    assert refused.stderr.startswith("LD701 Node.js is missing")
    assert "help: install Node.js 22" in refused.stderr


def test_an_old_node_is_named(checkout: Path, bare_path: Path) -> None:
    add_tool(bare_path, "node", "v16.20.0")
    add_tool(bare_path, "npm", "8.0.0")
    refused = run_setup(checkout, PATH=str(bare_path), PYTHON=sys.executable)
    assert refused.stderr.startswith("LD701 Node.js v16.20.0 is too old")


def test_a_missing_npm_is_named(checkout: Path, bare_path: Path) -> None:
    add_tool(bare_path, "node", "v22.0.0")
    refused = run_setup(checkout, PATH=str(bare_path), PYTHON=sys.executable)
    assert refused.stderr.startswith("LD702 npm is missing")


def test_a_missing_python_is_named(checkout: Path, bare_path: Path) -> None:
    refused = run_setup(checkout, PATH=str(bare_path), PYTHON="python-that-is-not")
    assert refused.returncode == 1
    assert refused.stderr.startswith("LD703 Ladle needs Python 3.11 or later")


def test_a_failed_step_shows_the_end_of_its_log(checkout: Path, bare_path: Path) -> None:
    """No network is needed to fail: the tools here only pretend."""
    for name, answer in (("node", "v22.0.0"), ("npm", "cannot; exit 7")):
        add_tool(bare_path, name, answer)
    for lock in (checkout / "locks").iterdir():
        lock.write_text("nothing-of-that-name @ no-such-file ; python_version < '3'\n!\n")
    refused = run_setup(checkout, PATH=str(bare_path), PYTHON=sys.executable)
    assert refused.returncode == 1
    assert "LD704 setup could not make node_modules (CDK CLI): `npm` ended with" in refused.stderr
    assert "    cannot" in refused.stderr


@pytest.mark.skipif(not Path(sys.prefix, "bin", "ladle").exists(), reason="needs scripts/setup")
def test_where_nothing_changed_nothing_is_made(root: Path) -> None:
    if Path(sys.prefix) != root / ".venv":
        pytest.skip("the environment that runs these tests is another than scripts/setup makes")
    made = _made_at(root)
    done = run_setup(root, PATH=str(Path(sys.base_prefix) / "bin") + ":/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    assert made
    assert _made_at(root) == made


def _made_at(root: Path) -> dict[str, int]:
    """Each step that makes something writes its stamp anew."""
    return {stamp.name: stamp.stat().st_mtime_ns for stamp in root.glob(".ladle/setup/*.stamp")}


def test_what_it_made_serves_repositories_elsewhere(root: Path, tmp_path: Path) -> None:
    assert find_cdk(tmp_path) == root / "node_modules" / ".bin" / "cdk"
    assert find_emulator(tmp_path) == root / ".venv-embedded" / "bin" / "ministack"


# Asked by people's machines alone, which have all of boto3: `ladle deploy` and `ladle doctor`.
ON_MACHINES = {"ecr", "codebuild", "service-quotas"}


def test_functions_are_given_what_boto3_must_know_of_each_service_that_they_ask(
    root: Path,
) -> None:
    steps = ast.parse((root / "scripts" / "_steps.py").read_bytes())
    [kept] = (
        ast.literal_eval(node.value.args[0])
        for node in steps.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and [ast.unparse(name) for name in node.targets] == ["BOTOCORE_DATA"]
    )
    session = (root / "src" / "ladle" / "aws" / "session.py").read_text()
    asked = set(re.findall(r"\.client\(\s*\"([a-z0-9-]+)\"", session))
    assert len(asked) > 10
    assert asked - ON_MACHINES - set(kept) == set()
