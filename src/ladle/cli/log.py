"""``ladle log [MODEL]``: the experiments of a model, or of all, newest first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.cli.experiment_words import log_table
from ladle.cli.output import answer, answer_json, say
from ladle.cli.switches import AsJson
from ladle.disk.outbox import DiskOutbox
from ladle.errors import LadleError
from ladle.experiments.manifest import RecordedExperiment
from ladle.project.repository import ModelPackage, find_root, packages, read_pinned
from ladle.wiring import open_workspace


def log(
    model: Annotated[str | None, typer.Argument(help="Leave it out for all models.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List experiments, newest first; a star marks what a package has pinned."""
    root = find_root(Path.cwd())
    manifests = open_workspace(None, root).manifests
    models = [model] if model else manifests.models()
    found = [r for name in models for r in manifests.log(name, limit)]
    newest = sorted(found, key=lambda r: r.manifest.created_at, reverse=True)[:limit]
    if as_json:
        answer_json({"experiments": [r.to_json() for r in newest]})
    elif newest:
        answer(log_table(newest, _pinned(root)))
    else:
        say(f"no experiment {f'of {model} ' if model else ''}is recorded yet")
        say(f"  ladle record {model or 'MODEL'} -- python train.py")
    if not as_json and (waiting := _waiting(root, model)):
        runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
        say(f"{runs} in .ladle/outbox: ladle push")


def _waiting(root: Path, model: str | None) -> int:
    """Runs that are not in a store yet; one that cannot be read is for ``ladle push`` to tell."""
    try:
        return sum(model in (None, d.manifest.model) for d in DiskOutbox(root).waiting())
    except LadleError:
        return 0


def _pinned(root: Path) -> dict[str, str]:
    """Model to id; a package whose pin cannot be read has none, which ``ladle check`` tells."""
    found: dict[str, str] = {}
    for package in packages(root):
        pinned = _read(package)
        if pinned:
            found[pinned.manifest.model] = pinned.manifest.id
    return found


def _read(package: ModelPackage) -> RecordedExperiment | None:
    try:
        return read_pinned(package)
    except LadleError:
        return None
