"""``ladle pin MODEL ID``: the next commit will serve this experiment, or this version of an object."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.pin_experiment import pin_experiment
from ladle.actions.pin_object import pin_object
from ladle.cli.experiment_words import one_line
from ladle.cli.output import answer_json, say
from ladle.cli.switches import AsJson
from ladle.project.repository import PACKAGES, find_root
from ladle.tools.model_jail import ModelJail
from ladle.wiring import object_fetcher, open_seen_heads, open_workspace, workspace_url


def pin(
    model: Annotated[str, typer.Argument(help="The model, by the name of its package.")],
    experiment: Annotated[
        str,
        typer.Argument(metavar="ID", help="At least six digits of it; or s3://bucket/model.onnx."),
    ],
    as_json: AsJson = False,
) -> None:
    """Point a model's config at an experiment: writes pinned.json and `model: pinned`.

    Of an object in S3 it pins the version that is the newest now: pinned_object.json.
    """
    root = find_root(Path.cwd())
    if "://" in experiment:
        _pin_object(root, model, experiment, as_json)
        return
    workspace = open_workspace(None, root)
    folder = root / PACKAGES / model
    recorded = pin_experiment(workspace.manifests, workspace.objects, model, experiment, folder)
    open_seen_heads(workspace.url, root).saw(recorded)
    if as_json:
        answer_json({"model": model, "id": recorded.manifest.id, "sequence": recorded.sequence})
    say(f"pinned {one_line(recorded)}")
    say(f"  next: commit {PACKAGES}/{model}, then ladle deploy")


def _pin_object(root: Path, model: str, address: str, as_json: bool) -> None:
    fetch = object_fetcher(workspace_url(root), root)
    pinned = pin_object(fetch, ModelJail(), address, root / PACKAGES / model, root)
    if as_json:
        answer_json({"model": model, **pinned.to_json()})
    say(f"pinned {address} at version {pinned.version_id}, {pinned.bytes / 1000:,.1f} kB")
    say(f"  next: commit {PACKAGES}/{model}, then ladle deploy")
