"""What moves production traffic or destroys data asks first, or is told ``--yes``."""

from __future__ import annotations

import sys

import typer

from ladle.errors import UsageError


def confirm(question: str, yes: bool, why: str = "this moves production traffic") -> None:
    """Asks at a terminal; raises LD803 where there is none and nobody said ``--yes``."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "LD803",
            f"{why}, and there is no terminal to ask at: {question}",
            "say it with --yes",
        )
    typer.confirm(question, abort=True, err=True)
