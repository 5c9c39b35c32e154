"""A lock says what is installed, by hash, and never from where."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
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
    tested = read(root, "dev.txt")
    parts = ("function", "platform", "server", "otlp")
    for lock in [lock.name for part in parts for lock in (root / "locks").glob(f"{part}-*")]:
        for name, version in read(root, lock).items():
            assert version <= tested[name], f"{lock}: {name}"


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
    locked = {*versions(code.lock.decode())}
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
    locked = read(root, "dev.txt")
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"]]
    for extra in ("aws", "serve", "onnx", "otlp", "stacks", "train", "dev"):
        asked += extras[extra]
    names = {re.split(r"[\[<>=;~! ]", wanted)[0].lower().replace(".", "-") for wanted in asked}
    assert names <= set(locked)


@pytest.mark.parametrize("part", ["function", "server", "gpu"])
def test_what_spans_need_is_in_their_lock_or_in_all_that_it_joins(root: Path, part: str) -> None:
    """None is in both: pip takes a package once."""
    spans, base = (read(root, f"{each}-py313.txt") for each in ("otlp", part))
    assert not set(spans) & set(base)
    assert needed("opentelemetry-exporter-otlp-proto-http") <= {*spans, *base}


def needed(distribution: str) -> set[str]:
    """It, and all that it cannot do without."""
    found, left = set[str](), [distribution]
    while left:
        name = re.split(r"[\[<>=!~; (]", left.pop())[0].lower().replace("_", "-")
        if name not in found:
            found.add(name)
            left += [each for each in requires(name) or () if ";" not in each]
    return found


def read(root: Path, lock: str) -> dict[str, set[str]]:
    return versions((root / "locks" / lock).read_text("utf-8"))


def versions(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found
