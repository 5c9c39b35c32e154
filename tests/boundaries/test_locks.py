"""A lock says what is installed, by hash, and never from where."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

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
    for lock in [*(root / "locks").glob("function-*"), *(root / "locks").glob("platform-*")]:
        for name, version in versions(lock).items():
            assert version <= tested[name], f"{lock.name}: {name}"


def test_the_lock_covers_what_pyproject_asks_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = versions(root / "locks" / "dev.txt")
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"]]
    for extra in ("aws", "serve", "onnx", "stacks", "train", "dev"):
        asked += extras[extra]
    names = {re.split(r"[\[<>=;~! ]", wanted)[0].lower().replace(".", "-") for wanted in asked}
    assert names <= set(locked)


def versions(lock: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found
