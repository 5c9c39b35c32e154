"""A command is a row, a file and a section of the reference, and pages show only what it takes."""

from __future__ import annotations

import importlib
import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import commands, pages, text_of

from ladle.cli.main import COMMANDS, NOT_YET, build, click_errors

REFERENCE = "docs/reference/commands.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_file_and_its_section(root: Path, name: str) -> None:
    module = importlib.import_module(f"ladle.cli.{name}")
    assert hasattr(module, "app") or callable(getattr(module, name))
    section = f"\n## ladle {name}\n\n{COMMANDS[name]}\n\n```text\nUsage: ladle {name} "
    assert section in text_of(root / REFERENCE)


@pytest.mark.parametrize("name", NOT_YET)
def test_what_is_not_yet_built_is_listed_so_and_has_no_file(root: Path, name: str) -> None:
    assert name not in COMMANDS
    assert f"\n- `ladle {name}`: {NOT_YET[name]}\n" in text_of(root / REFERENCE)
    assert not (root / "src/ladle/cli" / f"{name}.py").exists()


def test_every_command_line_that_a_page_shows_is_one_that_ladle_takes(
    root: Path, subtests: pytest.Subtests
) -> None:
    shown = [(page, line) for page in pages(root) for line in commands(page, "ladle")]
    assert len(shown) > 20
    for page, line in shown:
        with subtests.test(str(page.relative_to(root)), line=line):
            read(line)


def read(line: str) -> None:
    """As ``ladle`` reads it, without doing it. Raises for a command or an option that is none."""
    command: Any = build()
    name, rest = "ladle", shlex.split(line, comments=True)[1:]
    while hasattr(command, "resolve_command"):
        context = command.make_context(name, [], resilient_parsing=True)
        context.resilient_parsing = False
        name, command, rest = command.resolve_command(context, rest)
    command.make_context(name, rest)


@pytest.mark.parametrize("line", ["ladle plan --no-such", "ladle embedded sideways", "ladle pin"])
def test_a_line_that_it_does_not_take_is_found(line: str) -> None:
    with pytest.raises(click_errors.UsageError):
        read(line)
