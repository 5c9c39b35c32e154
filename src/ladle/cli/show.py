"""``ladle show ID``: one experiment, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.read_experiment import ExperimentReader
from ladle.cli.experiment_words import Kept, columns_page, page
from ladle.cli.output import answer, answer_json
from ladle.cli.switches import AsJson
from ladle.errors import NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.project.repository import find_root
from ladle.wiring import open_index, open_workspace


def show(
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    packages: Annotated[bool, typer.Option("--packages", help="Every installed package.")] = False,
    columns: Annotated[
        bool, typer.Option("--columns", help="What its tables' columns hold.")
    ] = False,
    output: Annotated[bool, typer.Option("--output", help="Only what the run printed.")] = False,
    patch: Annotated[bool, typer.Option("--patch", help="Only what was not committed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one experiment: data, code, parameters, metrics, model, environment."""
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    recorded = workspace.manifests.get(experiment)
    reader = ExperimentReader.of(workspace, open_index(root).packs)
    if output:
        answer(_text(recorded, reader, recorded.manifest.log, "output: its run printed nothing"))
    elif patch:
        code = recorded.manifest.code
        answer(_text(recorded, reader, code.patch, "patch: its code was committed, or unknown"))
    elif as_json:
        answer_json(recorded.to_json())
    elif columns:
        answer(columns_page(_kept(recorded, reader)))
    else:
        answer(page(recorded, _kept(recorded, reader), packages))


def _kept(recorded: RecordedExperiment, reader: ExperimentReader) -> Kept:
    manifest = recorded.manifest
    tables = {
        f"{data.name}/{below}" if below else data.name: found
        for data in (*manifest.data, *manifest.outputs)
        for below, found in reader.profiles(recorded, data).items()
    }
    return Kept(tables, reader.steps(recorded))


def _text(
    recorded: RecordedExperiment, reader: ExperimentReader, digest: str | None, nothing: str
) -> str:
    content = reader.object(recorded, digest)
    if content is None:
        gone = "what it had is no longer in the store" if digest else f"no {nothing}"
        raise NotFound(
            "LD333",
            f"experiment {recorded.manifest.id[:12]}: {gone}",
            "ladle show ID shows the rest of it",
        )
    return content.decode("utf-8", "replace").rstrip("\n")
