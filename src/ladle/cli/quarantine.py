"""``ladle quarantine``: what may not serve again, why, and how a person lifts it."""

from __future__ import annotations

from typing import Annotated

import typer

from ladle.cli.asking import tell_controller, workspace_here
from ladle.cli.confirm import confirm
from ladle.cli.output import answer, answer_json, say
from ladle.cli.release_words import moment
from ladle.cli.switches import AsJson, Yes
from ladle.errors import LadleError, NotFound
from ladle.ports import Workspace
from ladle.releases.events import Ask
from ladle.releases.state import Quarantined

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="List or lift what may not serve again."
)
SHOWN_DIGITS = 12


@app.command("list")
def list_(
    as_json: AsJson = False,
) -> None:
    """List each digest that gains no traffic, with the evidence."""
    found = _entries(workspace_here())
    if as_json:
        answer_json(
            {
                "quarantine": [
                    {
                        "model": model,
                        "scope": str(q.scope),
                        "digest": q.digest,
                        "release": q.release,
                        "at": q.at,
                        "reason": q.reason,
                        "log_e": q.log_e,
                        "doubt": q.doubt,
                    }
                    for model, q in found
                ]
            }
        )
        return
    for model, entry in found:
        answer(_text(model, entry))
    if not found:
        say("nothing is quarantined")


@app.command()
def lift(
    digest: Annotated[str, typer.Argument(help="At least six digits of it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it may serve; kept for ever.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let a digest be tried again, from the canary on.

    The evidence that put it there is shown first.
    """
    workspace = workspace_here()
    model, entry = _named(digest, workspace)
    say(_text(model, entry))
    confirm("Lift this quarantine?", yes)
    tell_controller(workspace, model, Ask.LIFT, reason, digest=entry.digest, as_json=as_json)


def _entries(workspace: Workspace) -> list[tuple[str, Quarantined]]:
    models = workspace.ledger.models()
    return [(model, q) for model in models for q in workspace.ledger.load(model).quarantine]


def _named(digest: str, workspace: Workspace) -> tuple[str, Quarantined]:
    wanted = digest.removeprefix("sha256:")
    found = [
        (model, entry)
        for model, entry in _entries(workspace)
        if len(wanted) >= 6 and entry.digest.removeprefix("sha256:").startswith(wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise LadleError(
            "LD515",
            f"{digest} is the beginning of {len(found)} quarantined digests",
            "write more of its digits: ladle quarantine list --json has them all",
        )
    raise NotFound(
        "LD513", f"no quarantined digest begins with {digest}", "ladle quarantine list shows them"
    )


def _text(model: str, entry: Quarantined) -> str:
    digits = entry.digest.removeprefix("sha256:")[:SHOWN_DIGITS]
    return (
        f"{digits}  {model}: {entry.scope.of(entry.release)}, "
        f"since {moment(entry.at)}: {entry.because}"
    )
