"""``ladle pull [ID] [PATH]``: what an experiment was made from, and what it made, lies here again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.erase_data import told_if_gone
from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.restore_experiment import (
    Restored,
    named,
    restore_data,
    restore_model,
    safe_name,
)
from ladle.cli.experiment_words import one_line, size
from ladle.cli.output import answer_json, say, table
from ladle.cli.switches import AsJson
from ladle.errors import NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import Workspace
from ladle.project.repository import (
    PACKAGES,
    ModelPackage,
    find_root,
    is_pinned,
    packages,
    read_pinned,
)
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_index, open_workspace


def pull(
    experiment: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="An experiment, or a model; else all that are pinned."),
    ] = None,
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="Only this, or what lies below it.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Put it below this folder instead.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that have other content.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring back data, outputs and model of an experiment, each file verified.

    What is there and right is left alone; a file with other content stays unless --force.
    """
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    reader = ExperimentReader.of(workspace, open_index(root).packs)
    pulled = []
    for recorded in _experiments(workspace, root, experiment):
        with told_if_gone(workspace, recorded):
            files = list(_restored(recorded, reader, path, to or root, to is None, force))
        _tell(recorded, files)
        pulled.append((recorded, files))
    if as_json:
        answer_json(
            {
                "pulled": [
                    {"id": r.manifest.id, "restored": [asdict(f) for f in files]}
                    for r, files in pulled
                ]
            }
        )


def _experiments(workspace: Workspace, root: Path, name: str | None) -> list[RecordedExperiment]:
    """By id; by model the pinned one, else the newest; without a name every pinned one."""
    if name is None:
        pinned = [read_pinned(p) for p in packages(root) if is_pinned(p)]
        if not pinned:
            raise NotFound("LD306", "no model package has a pin", "ladle pull ID names one")
        return [workspace.manifests.get(p.manifest.id) for p in pinned]
    package = ModelPackage(root / PACKAGES / name)
    if is_pinned(package):
        return [workspace.manifests.get(read_pinned(package).manifest.id)]
    return list(workspace.manifests.log(name, limit=1)) or [workspace.manifests.get(name)]


def _restored(
    recorded: RecordedExperiment,
    reader: ExperimentReader,
    path: str | None,
    folder: Path,
    in_package: bool,
    force: bool,
) -> Iterator[Restored]:
    wanted = named(recorded, reader, path.strip("/") if path else None)
    artefact = recorded.manifest.artefact
    model = f"{PACKAGES}/{recorded.manifest.model}/" if in_package else ""
    names_model = artefact is not None and path in (None, artefact.name, model + artefact.name)
    if not wanted and not names_model:
        raise NotFound(
            "LD378",
            f"experiment {recorded.manifest.id[:12]} has nothing named {path}"
            if path
            else f"experiment {recorded.manifest.id[:12]} has no data, output or model",
            "ladle show ID names what it has",
        )
    if wanted:
        data = reader.data(recorded)
        yield from restore_data(data, wanted, folder, TransferProgress(), force)
    if names_model and artefact is not None:
        name = model + str(safe_name(artefact.name))
        restore_model(reader.objects, recorded, artefact, folder / name, force)
        yield Restored(name, artefact.bytes, 1)


def _tell(recorded: RecordedExperiment, files: list[Restored]) -> None:
    say(f"pulled {one_line(recorded)}")
    rows = [[f.name, size(f.bytes), f"{f.files:,} files" if f.files != 1 else ""] for f in files]
    for line in table(["", "", ""], rows).split("\n")[1:]:
        say(f"  {line}")
