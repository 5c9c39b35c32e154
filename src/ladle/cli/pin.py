"""``ladle pin MODEL ID``: the next commit will serve this experiment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.pin_experiment import pin_experiment
from ladle.cli.experiment_words import one_line
from ladle.cli.output import answer_json, say
from ladle.project.repository import PACKAGES, find_root
from ladle.wiring import open_seen_heads, open_workspace


def pin(
    model: Annotated[str, typer.Argument(help="The model, by the name of its package.")],
    experiment: Annotated[str, typer.Argument(metavar="ID", help="At least six digits of it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Point a model's config at an experiment: writes pinned.json and `model: pinned`."""
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    folder = root / PACKAGES / model
    recorded = pin_experiment(workspace.manifests, workspace.objects, model, experiment, folder)
    open_seen_heads(workspace.url, root).saw(recorded)
    if as_json:
        answer_json({"model": model, "id": recorded.manifest.id, "sequence": recorded.sequence})
    say(f"pinned {one_line(recorded)}")
    say(f"  next: commit {PACKAGES}/{model}, then ladle deploy")
