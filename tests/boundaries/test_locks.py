"""A lock says what is installed, by hash, and never from where."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from ladle.catalog import Packaging, Target, Tracing
from ladle.project.function_code import serving_code
from ladle.project.import_closure import executed

ADDRESS = re.compile(r"[a-z+]+://|--(extra-)?index-url|--find-links|^-[if] ", re.MULTILINE)


def test_python_locks_hold_a_hash_for_each_package_and_no_address(root: Path) -> None:
    locks = sorted((root / "locks").glob("*.txt"))
    assert {"dev.txt", "embedded.txt", "function-py313.txt"} <= {lock.name for lock in locks}
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert not ADDRESS.search(text), lock.name
        for block in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in block, f"{lock.name}: {block[:60]}"


def test_the_npm_lock_holds_hashes_and_no_address(root: Path) -> None:
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: row for name, row in lock["packages"].items() if name}
    assert packages["node_modules/aws-cdk"]["version"] == "2.1148.1"
    for name, row in packages.items():
        assert row["integrity"].startswith("sha512-"), name
        assert "resolved" not in row, name


def test_what_functions_run_is_what_the_tests_ran(root: Path) -> None:
    tested = versions(root / "locks" / "dev.txt")
    parts = ("function", "platform", "server")
    for lock in [lock for part in parts for lock in (root / "locks").glob(f"{part}-*")]:
        for name, version in versions(lock).items():
            assert version <= tested[name], f"{lock.name}: {name}"


@pytest.mark.parametrize("tracing", [Tracing.NONE, Tracing.OTLP])
@pytest.mark.parametrize(("target", "gpu"), [(Target.LAMBDA, 0), (Target.ECS, 0), (Target.ECS, 1)])
def test_everything_that_serving_imports_is_in_its_lock(
    root: Path, target: Target, gpu: int, tracing: Tracing
) -> None:
    code = serving_code(
        "onnx", Packaging.IMAGE, "3.13", Path(), target=target, gpu=gpu, tracing=tracing
    )
    distributions = packages_distributions()
    imported = {name for file in code.files for name in third_party(file.path)}
    wanted = {distributions[name][0].lower() for name in imported}
    assert {"numpy", "fastapi", "onnxruntime"} <= wanted
    locked = {*versions(root / "locks" / f"{code.wheels}-py313.txt")}
    assert wanted <= {name.removesuffix("-gpu") for name in locked}


def third_party(source: Path) -> Iterator[str]:
    """The packages that it imports when it runs, ours and Python's own left out."""
    if source.suffix != ".py":
        return
    for node in executed(ast.parse(source.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for package in {name.partition(".")[0] for name in names}:
            if package not in {*sys.stdlib_module_names, "ladle", "ladle_runtime"}:
                yield package


def test_the_lock_covers_what_pyproject_asks_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = versions(root / "locks" / "dev.txt")
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"]]
    for extra in ("aws", "serve", "onnx", "otlp", "stacks", "train", "dev"):
        asked += extras[extra]
    names = {re.split(r"[\[<>=;~! ]", wanted)[0].lower().replace(".", "-") for wanted in asked}
    assert names <= set(locked)


def versions(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found
