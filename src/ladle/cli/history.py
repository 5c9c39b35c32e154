"""``ladle history MODEL``: every release, where it is, and each row that says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ladle.actions.read_status import known_state
from ladle.cli.asking import workspace_here
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.release_words import homes_line, moment, record_json, state_json, where
from ladle.cli.restored_row import restore_row
from ladle.cli.switches import AsJson, ModelName, Yes
from ladle.errors import NotFound, UsageError
from ladle.ports import Workspace
from ladle.releases.deploy_log import ServedRelease
from ladle.releases.effects import Record, RecordKind
from ladle.releases.state import ReleaseState
from ladle.why.fates import fates

# What a person wants to know; --all adds how each write of the alias went.
_DETAILS = (RecordKind.INTENT, RecordKind.OUTCOME)


def history(
    model: ModelName,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 30,
    everything: Annotated[
        bool, typer.Option("--all", help="Also each write of the alias.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="What served then; ISO 8601, UTC if not said."),
    ] = None,
    restore: Annotated[
        str | None,
        typer.Option(
            "--restore", metavar="RECORD", help="Make the package again what served at this row."
        ),
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Show the releases of a model and why each changed, oldest first.

    With --restore the model, data and code of any row lie in the package again, whether its
    release is still kept or not; nothing is recorded anew, and a commit with a deploy serves it.
    """
    if restore is not None:
        restore_row(model, restore, yes, as_json)
        return
    workspace = workspace_here()
    if at is not None:
        _answer_served(workspace, model, at, as_json)
        return
    state = known_state(workspace, model)
    rows = workspace.ledger.records(model)
    if as_json:
        answer_json(_as_json(state, rows))
        return
    if (homes := homes_line(state)) is not None:
        say(f"{model} moves: {homes}")
    shown = [row for row in rows if everything or row.kind not in _DETAILS]
    if len(shown) > limit:
        say(f"{len(shown) - limit} older rows are not shown: --limit {len(shown)}")
    answer(table(("when", "release", "what", "why", "record"), [_cells(r) for r in shown[-limit:]]))


def _answer_served(workspace: Workspace, model: str, at: str, as_json: bool) -> None:
    """One query of the deploy log."""
    row = workspace.ledger.served(model, _seconds(at))
    if row is None:
        raise NotFound(
            "LD369",
            f"{model} had served nothing by {at}",
            f"ladle history {model} shows when it began",
        )
    if as_json:
        answer_json(row.to_json())
        return
    answer(f"{model} since {moment(row.at)}: {row.reason}")
    head = ("release", "share", "experiment", "model digest", "release digest")
    answer(table(head, [_served_cells(release) for release in row.served]))


def _seconds(text: str) -> float:
    try:
        moment_ = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "LD370", f"{text!r} is no time", "write it like 2026-11-23T14:05:00Z"
        ) from error
    return (moment_ if moment_.tzinfo else moment_.replace(tzinfo=UTC)).timestamp()


def _served_cells(release: ServedRelease) -> tuple[str, ...]:
    digests = (release.experiment_id, release.model_digest, release.release_digest)
    return (
        str(release.number),
        f"{100 * release.share:g} %",
        *((d or "unknown").removeprefix("sha256:")[:12] for d in digests),
    )


def _as_json(state: ReleaseState, rows: Sequence[Record]) -> dict[str, Any]:
    """Every release there ever was, the newest first; ``kept`` ones can still be gone back to."""
    runs_on = {release.number: where(release) for release in state.releases}
    releases = [
        {
            "release": fate.release,
            "state": str(fate.status),
            "experiment": fate.experiment_id,
            "kept": fate.release in runs_on,
            "runs_on": runs_on.get(fate.release),
        }
        for fate in reversed(fates(rows, state))
    ]
    records = [record_json(row) for row in rows]
    return {**state_json(state), "releases": releases, "records": records}


def _cells(row: Record) -> tuple[str, ...]:
    release = "" if row.release is None else str(row.release)
    return (moment(row.at), release, str(row.kind).replace("_", " "), row.text, row.id)
