"""``ladle embedded up|down|status``: the AWS on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.disk.embedded_state import EmbeddedState, find
from ladle.embedded import lifecycle
from ladle.errors import ExitCode

app = typer.Typer(
    add_completion=False,
    help="Start or stop the AWS on this machine: no account, loopback only.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _root() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "cdk.json").exists():
            return folder
    return here


def _show(state: EmbeddedState, as_json: bool) -> None:
    if as_json:
        answer_json(
            {
                "running": True,
                "endpoint": state.endpoint,
                "door": state.door,
                "account": state.account,
                "region": state.region,
                "pids": dict(state.pids),
            }
        )
        return
    answer(f"endpoint  {state.endpoint}")
    answer(f"door      {state.door}/<model>/predict")
    answer("note      the emulator stores alias weights; the door routes by them")


@app.command()
def up(
    port: Annotated[int | None, typer.Option(help="Port of the AWS endpoint.")] = None,
    door_port: Annotated[int | None, typer.Option(help="Port of the front door.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start it; what runs already is left running."""
    _show(lifecycle.up(_root(), port, door_port), as_json)


@app.command()
def down() -> None:
    """End it. What was deployed to it is gone."""
    found = find(Path.cwd())
    ended = lifecycle.down(found[0]) if found else False
    say("ended" if ended else "nothing was running")


@app.command()
def status(as_json: AsJson = False) -> int:
    """Say whether it runs, and where."""
    found = find(Path.cwd())
    state = lifecycle.status(found[0]) if found else None
    if state is not None:
        _show(state, as_json)
        return ExitCode.OK
    if as_json:
        answer_json({"running": False})
    else:
        answer("not running; start it with: ladle embedded up")
    return ExitCode.FINDING
