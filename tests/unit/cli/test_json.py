"""docs/reference/json.md names the keys of what ``--json`` prints, and every command that has it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ladle.cli.main import COMMANDS, build, main


@pytest.fixture
def rows(root: Path) -> dict[str, str]:
    """The cell of the keys, by the cell of the command."""
    text = (root / "docs/reference/json.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| (`ladle .*?) \| (.*) \|$", text, re.MULTILINE))


def with_json() -> Iterator[str]:
    root = build()
    context = root.make_context("ladle", [], resilient_parsing=True)
    waiting: list[tuple[str, Any]] = [(n, root.get_command(context, n)) for n in COMMANDS]
    while waiting:
        name, command = waiting.pop()
        waiting += [(f"{name} {n}", c) for n, c in getattr(command, "commands", {}).items()]
        if any("--json" in param.opts for param in command.params):
            yield name


def test_every_command_that_prints_json_has_its_row(rows: dict[str, str]) -> None:
    told = {name.removeprefix("ladle ") for row in rows for name in re.findall(r"`(.*?)`", row)}
    # One row for both imports; `up` answers as `status` does.
    inner = {"import dvc": "import", "import mlflow": "import", "embedded up": "embedded status"}
    assert {inner.get(name, name) for name in with_json()} <= told


@pytest.mark.parametrize(
    ("row", "typed"),
    [
        ("`ladle check`", "check"),
        ("`ladle explain`", "explain LD106"),
        ("`ladle plan`", "plan"),
        ("`ladle cost`", "cost"),
        ("`ladle simulate`", "simulate digits --seed 1"),
        ("`ladle simulate --scenarios`", "simulate --scenarios"),
        ("`ladle add`", "add model_packages"),
        ("`ladle log`", "log"),
        ("`ladle push`", "push"),
        ("`ladle verify`", "verify"),
        ("`ladle gc`", "gc"),
    ],
)
@pytest.mark.usefixtures("here")
def test_the_keys_are_those_that_the_page_names(
    row: str, typed: str, rows: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*typed.split(), "--json"]) == 0
    told = re.sub(r"\(.*?\)|;.*", "", rows[row])
    said = json.loads(capsys.readouterr().out)
    keys = set(re.findall(r"`(\w+)`", told))
    assert keys == set(said) - {"schema"}
    assert said["schema"] == 1
