"""``ladle pause MODEL``: the controller changes no traffic until somebody says resume."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.releases.events import Ask


def pause(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    reason: Annotated[str, typer.Option("--reason", help="Kept in the history.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Stop the controller from changing a model's traffic: no promotion, and no rollback either."""
    tell_controller(workspace_here(), model, Ask.PAUSE, reason, as_json=as_json)
