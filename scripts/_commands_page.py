"""docs/reference/commands.md is what `--help` says, command by command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ladle.cli.main import COMMANDS, NOT_YET, build

WIDTH = 88


def commands_page(by_hand: str) -> str:
    """``by_hand`` is the line that keeps people from editing the page."""
    root = build()
    context = root.make_context("ladle", [], resilient_parsing=True)
    lines = [
        "# Commands",
        "",
        by_hand,
        "",
        "stdout is the answer, stderr the conversation: `--json` prints one object with",
        '`"schema": 1` ([its keys](json.md)). Exit codes: 0 ok, 1 a finding or a failure, 2 the',
        "command line is off, 3 would change (`plan --exit-code`), 4 needs credentials, 130 interrupted.",
        "`LADLE_WORKSPACE` names the workspace: see [the glossary](../glossary.md).",
    ]
    for name, summary in COMMANDS.items():
        lines += ["", f"## ladle {name}", "", summary]
        for words, command in _with_children(name, root.get_command(context, name)):
            text = command.make_context(
                f"ladle {words}", [], parent=None, resilient_parsing=True, terminal_width=WIDTH
            ).get_help()
            lines += ["", "```text", *(line.rstrip() for line in text.splitlines()), "```"]
    lines += ["", "## Not yet", "", "Named in the design and refused with LD901 until built.", ""]
    lines += [f"- `ladle {name}`: {what}" for name, what in NOT_YET.items()]
    return "\n".join(lines) + "\n"


def _with_children(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _with_children(f"{words} {name}", child)
