"""``ladle resume MODEL``: controller or model go on; after a freeze a person says with what."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.cli.switches import AsJson, ModelName, Reason, Yes
from ladle.errors import UsageError
from ladle.releases.events import Ask


def resume(
    model: ModelName,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Keep what somebody else wrote to the alias.")
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="Write the alias back to what the ledger says.")
    ] = False,
    reason: Reason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let the controller go on after a pause or a freeze, and what was stopped serve again."""
    if adopt and restore:
        raise UsageError(
            "LD514",
            "--adopt keeps what somebody wrote to the alias, --restore undoes it",
            "say one of them",
        )
    what = Ask.ADOPT if adopt else Ask.RESTORE if restore else Ask.RESUME
    confirm(f"Let {model} serve, and its controller move traffic again?", yes)
    tell_controller(workspace_here(), model, what, reason, as_json=as_json)
