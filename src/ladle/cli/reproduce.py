"""``ladle reproduce ID``: run an experiment again from the store, and say whether it came out the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ladle.actions.erase_data import gone_from, told
from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.reproduce_experiment import reproduce_experiment
from ladle.cli.experiment_words import one_line, short
from ladle.cli.output import answer, answer_json, say, table
from ladle.cli.switches import AsJson
from ladle.digest import Digest
from ladle.errors import ExitCode
from ladle.experiments.reproduction import Compared, Outcome, Reproduction, Verdict
from ladle.project.repository import find_root
from ladle.tools.replay import git_replay
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_index, open_workspace

_PLACE = Path(".ladle") / "reproduce"
_MOST_PACKAGES = 8


def reproduce(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the worktree to look around.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Run an experiment again in a fresh worktree, on its own code and data, and compare.

    Nothing is recorded. The installed packages are those of now: what differs is told. Exit code 1
    when it differs, or when nothing can be told.
    """
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    recorded = workspace.manifests.get(experiment)
    reader = ExperimentReader.of(workspace, open_index(root).packs)
    place = root / _PLACE / short(recorded.manifest.id)
    say(f"running {one_line(recorded)} again")
    with git_replay(root, place, keep) as replay:
        found = reproduce_experiment(recorded, reader, replay, TransferProgress())
    if found.verdict is Verdict.CANNOT:
        gone = map(told, gone_from(workspace, recorded))
        found = replace(found, reasons=(*found.reasons, *gone))
    if as_json:
        kept = str(place) if keep else None
        answer_json({"id": recorded.manifest.id, **found.to_json(), "worktree": kept})
    else:
        answer("\n".join(_lines(found)))
    if keep:
        say(f"its worktree: {place}")
    good = found.verdict in (Verdict.IDENTICAL, Verdict.WITHIN)
    return int(ExitCode.OK if good else ExitCode.FINDING)


def _lines(found: Reproduction) -> Iterator[str]:
    yield str(found.verdict)
    yield from (f"  {reason}" for reason in found.reasons)
    shown = [c for c in found.compared if c.kind != "end" or c.outcome is Outcome.OTHER]
    if shown:
        yield ""
        rows = [[c.kind, c.name, _value(c.recorded), _value(c.again), _outcome(c)] for c in shown]
        yield table(["", "", "RECORDED", "AGAIN", ""], rows)
    if found.environment:
        yield ""
        yield f"environment: {len(found.environment)} differences"
        changes = found.environment[:_MOST_PACKAGES]
        rows = [
            [c.name.removeprefix("package "), _value(c.before), "→", _value(c.after)]
            for c in changes
        ]
        yield from (f"  {line}" for line in table([""] * 4, rows).split("\n")[1:])
        if len(found.environment) > _MOST_PACKAGES:
            yield f"  and {len(found.environment) - _MOST_PACKAGES} more (--json lists them)"


def _outcome(one: Compared) -> str:
    if one.allowed is None or one.outcome is Outcome.SAME:
        return str(one.outcome)
    return f"{one.outcome} (± {one.allowed:g})"


def _value(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return repr(value)
    try:
        return Digest.parse(str(value)).short
    except ValueError:
        return str(value)
