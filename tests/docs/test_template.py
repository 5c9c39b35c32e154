"""What ``ladle init`` writes is what this repository itself runs."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

from ladle.cli.init import TEMPLATE


@pytest.mark.parametrize("name", ["app.py", "cdk.json"])
def test_the_entry_is_byte_for_byte_ours(root: Path, name: str) -> None:
    assert (TEMPLATE / name).read_bytes() == (root / name).read_bytes()


def test_the_cdk_command_line_is_the_one_that_we_lock(root: Path) -> None:
    import json

    ours = json.loads((root / "package.json").read_text())["devDependencies"]
    assert json.loads((TEMPLATE / "package.json").read_text())["devDependencies"] == ours


def test_the_extras_that_it_asks_for_exist(root: Path) -> None:
    asked = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["project"]["dependencies"]
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert set(asked[0].removeprefix("ladle[").removesuffix("]").split(",")) <= extras.keys()


def test_every_program_in_it_is_python() -> None:
    programs = list(TEMPLATE.rglob("*.py"))
    assert programs
    for path in programs:
        ast.parse(path.read_text(encoding="utf-8"))
