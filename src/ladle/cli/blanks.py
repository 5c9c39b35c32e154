"""What a person fills in stands in ``--help`` as a capital word: MODEL, N, PATH.

Typer would show Python's types there (``{model}``, ``<list[str]>``, ``<int range>``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer.core

MANY = "..."


class _Blank(typer.core.TyperArgument):
    """An argument that is shown by its word alone."""

    def _rich_display_name(self) -> str:
        return self.display_name_raw + MANY * (self.nargs != 1)

    def _usage_display_name(self) -> str:
        shown = self._rich_display_name()
        return shown if self.required else f"[{shown}]"

    def display_type_rich(self, ctx: Any) -> None:
        return None


def name_blanks(command: Any, ctx: Any) -> Any:
    """``command``, with a word for each of its blanks; of a group, each of its commands too."""
    for inner in getattr(command, "commands", {}).values():
        name_blanks(inner, ctx)
    for param in command.get_params(ctx):
        if param.param_type_name == "argument":
            param.__class__ = _Blank
            param.metavar = param.metavar or param.name.upper()
        elif not param.is_flag:
            param.metavar = param.metavar or _word(param)
    return command


def _word(option: Any) -> str:
    """``--from-profile`` asks for a PROFILE; a number is N, and of few words each is said."""
    kind = option.type_descriptor
    if kind.is_choice:
        return "|".join(kind.choices)
    if kind.annotation is int:
        return "N"
    if Path in (kind.annotation, *getattr(kind.annotation, "__args__", ())):
        return "PATH"
    longest: str = max(option.opts, key=len)
    return longest.rpartition("-")[2].upper()
