"""``ladle promote MODEL``: the next step of a rollout at once, on a person's word."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.releases.events import Ask


def promote(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    reason: Annotated[str, typer.Option("--reason", help="Kept in the history.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Accept what is being tried: a canary becomes main, a holdback or a first release is proven."""
    confirm(f"Promote the candidate of {model}, whatever the evidence says?", yes)
    tell_controller(workspace_here(), model, Ask.PROMOTE, reason, as_json=as_json)
