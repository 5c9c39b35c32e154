"""``ladle rollback MODEL``: all traffic back to a proven release, now."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.cli.switches import AsJson, ModelName, Reason, Yes
from ladle.releases.events import Ask


def rollback(
    model: ModelName,
    to: Annotated[
        int | None, typer.Option("--to", help="A proven release; else the newest other one.")
    ] = None,
    reason: Reason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Go back to a proven release. Needs no build and no deploy; ladle history lists them."""
    where = f"release {to}" if to is not None else "the proven release before"
    confirm(f"Take all traffic of {model} back to {where}?", yes)
    tell_controller(workspace_here(), model, Ask.ROLLBACK, reason, to=to, as_json=as_json)
