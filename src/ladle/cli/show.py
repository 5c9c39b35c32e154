"""``ladle show ID``: one experiment, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.experiment_words import page
from ladle.cli.output import answer, answer_json
from ladle.digest import Digest
from ladle.errors import NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import ObjectStore
from ladle.project.repository import find_root
from ladle.wiring import open_workspace


def show(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    packages: Annotated[bool, typer.Option("--packages", help="Every installed package.")] = False,
    output: Annotated[bool, typer.Option("--output", help="Only what the run printed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show one experiment: data, code, parameters, metrics, model, environment."""
    workspace = open_workspace(None, find_root(Path.cwd()))
    recorded = workspace.manifests.get(experiment)
    if output:
        answer(_output(recorded, workspace.objects))
    elif as_json:
        answer_json(recorded.to_json())
    else:
        answer(page(recorded, packages))


def _output(recorded: RecordedExperiment, objects: ObjectStore) -> str:
    log = recorded.manifest.log
    if log is None:
        raise NotFound(
            "LD333",
            f"experiment {recorded.manifest.id[:12]} has no output: its run printed nothing",
            "ladle show ID shows the rest of it",
        )
    with objects.open(Digest.parse(log), recorded.locators.get(log)) as stream:
        return stream.read().decode("utf-8", "replace").rstrip("\n")
