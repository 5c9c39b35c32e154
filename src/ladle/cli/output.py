"""stdout is the answer, stderr the conversation: how texts, tables and JSON leave a command."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from ladle.errors import Finding

JSON_SCHEMA = 1


def answer_json(data: Mapping[str, Any]) -> None:
    """One object on stdout, with ``"schema": 1``."""
    typer.echo(json.dumps({"schema": JSON_SCHEMA, **data}, indent=2, ensure_ascii=False))


def answer(text: str) -> None:
    typer.echo(text)


def say(text: str) -> None:
    """A line of the conversation."""
    typer.echo(text, err=True)


def colour_wanted(stream: Any = None) -> bool:
    """Colours only at a terminal, and never where NO_COLOR is set."""
    return "NO_COLOR" not in os.environ and (stream or sys.stdout).isatty()


def show_findings(findings: Iterable[Finding]) -> None:
    """``place CODE what``, the source line with a caret, ``help:``; all on stderr."""
    for finding in findings:
        say(str(finding))
        if finding.source_line is not None and finding.place and finding.place.column:
            number = f"{finding.place.line} | "
            say(number + finding.source_line)
            say(" " * (len(number) + finding.place.column - 1) + "^")
        say(f"  help: {finding.fix}")


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most ``width``, words whole; ``first`` and ``rest`` indent them."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded with spaces; no frame, so that it can be read, cut and grepped."""
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in [head, *rows]]
    return "\n".join(line.rstrip() for line in lines)
