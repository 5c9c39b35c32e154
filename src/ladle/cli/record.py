"""``ladle record MODEL -- CMD…``: a command, recorded as one experiment whatever becomes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from ladle.actions.gather_experiment import Ran
from ladle.actions.record_experiment import keep
from ladle.actions.send_draft import Sender
from ladle.cli.experiment_words import one_line
from ladle.cli.output import say
from ladle.cli.training_job import Elsewhere, record_elsewhere
from ladle.disk.clock import SystemClock
from ladle.disk.outbox import DiskOutbox
from ladle.errors import ExitCode, LadleError, UsageError
from ladle.experiments.draft import Draft, kept_words
from ladle.experiments.manifest import Code
from ladle.experiments.secrets import masked
from ladle.experiments.timestamps import timestamp
from ladle.project.repository import find_root
from ladle.tools.environment import captured
from ladle.tools.git import Git
from ladle.tools.recorded_command import read_draft, run_recorded
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_run, open_sender, workspace_url


def record(
    model: Annotated[str, typer.Argument(help="The model that the command trains.")],
    command: Annotated[list[str] | None, typer.Argument(help="After --: what to run.")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no store; ladle push sends the run later.")
    ] = False,
    on: Annotated[
        Literal["sagemaker"] | None, typer.Option("--on", help="Run it as a job there.")
    ] = None,
    instance: Annotated[
        str, typer.Option("--instance", help="The machine of the job.")
    ] = "ml.m5.large",
    image: Annotated[
        str | None,
        typer.Option("--image", help="The job's image: an address in ECR, or pytorch:2.6."),
    ] = None,
    role: Annotated[str | None, typer.Option("--role", help="ARN of the job's role.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="A file or folder that the job needs and Git does not bring."),
    ] = None,
    job: Annotated[
        str | None, typer.Option("--job", help="Take up this job instead of starting one.")
    ] = None,
) -> int:
    """Run a command and record it as an experiment, with its output; its exit code is passed on.

    What the script says through ladle.record (data, params, metrics, model) is part of it. With
    --on sagemaker it runs as a training job; the options after --on are of such a job.
    """
    elsewhere = Elsewhere(instance, image, role, tuple(data or ()), job)
    if on == "sagemaker":
        return record_elsewhere(model, command or (), elsewhere, offline)
    if not command or elsewhere.asked:
        raise UsageError(
            "LD255",
            "no command to run was given" if not command else "these options are of a job only",
            f"ladle record {model} -- python train.py; as a job: --on sagemaker before the --",
        )
    return _record_here(model, command, offline)


def _record_here(model: str, command: list[str], offline: bool) -> int:
    root = find_root(Path.cwd())
    progress = TransferProgress()
    sender = None if offline else open_sender(None, root, progress)
    outbox, started_at = DiskOutbox(root), timestamp(SystemClock().now())
    with outbox.new_run(model, started_at) as folder:
        run = open_run(model, root, folder, None, progress)
        ran = Ran("succeeded", Git().author(root), command, Path.cwd(), b"")
        bare = run.draft(folder.name, "", ran, captured(root))
        log = folder / "log"
        status = run_recorded(model, command, folder, log)
        draft = read_draft(folder)
        if draft is None:
            say(f"ladle: the command did not call ladle.record({model!r}): no data, no model")
        draft = _told_by_the_command(draft or bare, status, bare.manifest.code, started_at)
        draft = replace(draft, workspace=workspace_url(root))
        if printed := log.read_bytes():
            kept = keep(outbox.objects(folder.name), masked(printed))
            draft = replace(draft, manifest=replace(draft.manifest, log=str(kept.digest)))
        outbox.save(draft)
        return _sent(draft, outbox, sender, status)


def _told_by_the_command(draft: Draft, status: int, typed: Code, started_at: str) -> Draft:
    """``typed`` is what was started and where, of which the script may know only a part."""
    manifest = draft.manifest
    return replace(
        draft,
        manifest=replace(
            manifest,
            code=replace(manifest.code, argv=typed.argv, folder=typed.folder),
            outcome=manifest.outcome if status == 0 else "failed",
            exit_status=status,
            started_at=started_at,
        ),
    )


def _sent(draft: Draft, outbox: DiskOutbox, sender: Sender | None, status: int) -> int:
    """The command's own exit status, unless it went well and its run is not in the store."""
    if sender is None:
        outbox.keep_outputs(draft.name)
        say(f"ladle: {kept_words(None)}")
        return status
    try:
        recorded = sender.send(draft)
    except LadleError as error:
        outbox.keep_outputs(draft.name)
        say(f"ladle: {kept_words(error)}")
        return status or int(ExitCode.FINDING)
    say(f"ladle: recorded {one_line(recorded)}")
    return status
