"""``ladle record MODEL -- CMD…``: a command, recorded as one experiment whatever becomes of it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ladle.actions.gather_experiment import Ran, Run
from ladle.actions.record_experiment import keep, record_experiment
from ladle.cli.experiment_words import one_line
from ladle.cli.output import say
from ladle.disk.clock import SystemClock
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.secrets import masked, portable_command
from ladle.ports import ObjectStore
from ladle.project.repository import find_root
from ladle.tools.environment import captured
from ladle.tools.git import Git
from ladle.tools.model_jail import ModelJail
from ladle.tools.recorded_command import read_draft, run_recorded
from ladle.wiring import open_workspace


def record(
    model: Annotated[str, typer.Argument(help="The model that the command trains.")],
    command: Annotated[list[str], typer.Argument(help="After --: what to run.")],
) -> int:
    """Run a command and record it as an experiment, with its output; its exit code is passed on.

    What the script says through ladle.record (data, params, metrics, model) is part of it.
    """
    root = find_root(Path.cwd())
    workspace = open_workspace(None, root)
    with tempfile.TemporaryDirectory(prefix="ladle-run-") as name:
        folder = Path(name)
        log = folder / "log"
        status = run_recorded(model, command, folder, log)
        draft = read_draft(folder)
        if draft is None:
            say(f"ladle: the command did not call ladle.record({model!r}): no data, no model")
            run = Run(model, root, workspace.objects, Git(), ModelJail())
            draft = run.draft(Ran("succeeded", Git().author(root), [], b""), captured())
        draft = _told_by_the_command(draft, status, command, root)
        draft = _with_log(draft, log.read_bytes(), workspace.objects)
    recorded = record_experiment(workspace.manifests, draft, SystemClock())
    say(f"ladle: recorded {one_line(recorded)}")
    return status


def _told_by_the_command(
    draft: RecordedExperiment, status: int, command: list[str], root: Path
) -> RecordedExperiment:
    manifest = draft.manifest
    code = replace(manifest.code, argv=portable_command(command, root))
    outcome = manifest.outcome if status == 0 else "failed"
    return replace(draft, manifest=replace(manifest, code=code, outcome=outcome))


def _with_log(draft: RecordedExperiment, log: bytes, objects: ObjectStore) -> RecordedExperiment:
    if not log:
        return draft
    kept = keep(objects, masked(log))
    return replace(
        draft,
        manifest=replace(draft.manifest, log=str(kept.digest)),
        locators={**draft.locators, str(kept.digest): kept.locator},
    )
