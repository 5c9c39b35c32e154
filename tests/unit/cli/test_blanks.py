"""``--help`` shows a person's words for what they fill in, never Python's types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from ladle.cli.main import COMMANDS, build, main
from ladle.errors import ExitCode


def helps() -> Iterator[str]:
    """The help of every command, and of every command inside one."""
    root = build()
    context = root.make_context("ladle", [], resilient_parsing=True)
    waiting: list[tuple[str, Any]] = [(n, root.get_command(context, n)) for n in COMMANDS]
    while waiting:
        name, command = waiting.pop()
        waiting += [(f"{name} {n}", c) for n, c in getattr(command, "commands", {}).items()]
        yield command.make_context(name, [], resilient_parsing=True, terminal_width=80).get_help()


def test_no_command_shows_a_type_or_a_cut_sentence() -> None:
    odd = [
        line
        for text in helps()
        for line in text.splitlines()
        if re.search(r"<\w|\{\w|\[\[[a-zA-Z]|\w \w+\.\.\.$", line)
    ]
    assert odd == []


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("init", "Usage: ladle init [OPTIONS] NAME\n"),
        ("check", "Usage: ladle check [OPTIONS] [PATH...]\n"),
        ("add", "Usage: ladle add [OPTIONS] PATH...\n"),
        ("pull", "Usage: ladle pull [OPTIONS] [ID] [PATH]\n"),
        ("record", "  --on sagemaker "),
        ("record", "  --data PATH "),
        ("deploy", "  --from-profile PROFILE "),
        ("rollback", "  --to N "),
        ("dev", "  --port N "),
    ],
)
def test_a_blank_is_a_capital_word(
    command: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--help"]) == ExitCode.OK
    assert shown in capsys.readouterr().out


def test_a_blank_that_is_left_empty_is_asked_for_by_the_same_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["predict"]) == ExitCode.USAGE
    assert "Missing argument 'MODEL'" in capsys.readouterr().err
