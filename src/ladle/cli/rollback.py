"""``ladle rollback MODEL``: all traffic back to a proven release, now."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.releases.events import Ask


def rollback(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    to: Annotated[
        int | None, typer.Option("--to", help="A proven release; else the newest other one.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Kept in the history.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Go back to a proven release. Needs no build and no deploy; ladle history lists them."""
    where = f"release {to}" if to is not None else "the proven release before"
    confirm(f"Take all traffic of {model} back to {where}?", yes)
    tell_controller(workspace_here(), model, Ask.ROLLBACK, reason, to=to, as_json=as_json)
