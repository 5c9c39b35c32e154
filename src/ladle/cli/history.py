"""``ladle history MODEL``: every release, where it is, and each row that says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ladle.actions.read_status import known_state
from ladle.cli.asking import workspace_here
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.release_words import moment, record_json, state_json
from ladle.releases.effects import Record, RecordKind
from ladle.releases.state import ReleaseState
from ladle.why.fates import fates

# What a person wants to know; --all adds how each write of the alias went.
_DETAILS = (RecordKind.INTENT, RecordKind.OUTCOME)


def history(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 30,
    everything: Annotated[
        bool, typer.Option("--all", help="Also each write of the alias.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the releases of a model and why each changed, oldest first."""
    workspace = workspace_here()
    state = known_state(workspace, model)
    rows = workspace.ledger.records(model)
    if as_json:
        answer_json(_as_json(state, rows))
        return
    shown = [row for row in rows if everything or row.kind not in _DETAILS]
    if len(shown) > limit:
        say(f"{len(shown) - limit} older rows are not shown: --limit {len(shown)}")
    answer(table(("when", "release", "what", "why", "record"), [_cells(r) for r in shown[-limit:]]))


def _as_json(state: ReleaseState, rows: Sequence[Record]) -> dict[str, Any]:
    """Every release there ever was, the newest first; ``kept`` ones can still be gone back to."""
    releases = [
        {
            "release": fate.release,
            "state": str(fate.status),
            "experiment": fate.experiment_id,
            "kept": state.release(fate.release) is not None,
        }
        for fate in reversed(fates(rows, state))
    ]
    records = [record_json(row) for row in rows]
    return {**state_json(state), "releases": releases, "records": records}


def _cells(row: Record) -> tuple[str, ...]:
    release = "" if row.release is None else str(row.release)
    return (moment(row.at), release, str(row.kind).replace("_", " "), row.text, row.id)
