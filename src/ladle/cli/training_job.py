"""``ladle record --on sagemaker``: a job instead of a process, recorded like any other command."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from ladle.actions.follow_job import (
    Followed,
    Follower,
    bare_draft,
    finished_draft,
    prove_whole,
)
from ladle.actions.record_experiment import keep
from ladle.actions.send_draft import Sender
from ladle.cli.experiment_words import one_line
from ladle.cli.output import answer, say
from ladle.disk.clock import SystemClock
from ladle.disk.job_book import JobBook, StartedJob
from ladle.disk.outbox import DiskOutbox
from ladle.errors import ExitCode, LadleError, Unavailable, UsageError
from ladle.experiments.draft import Draft, kept_words
from ladle.experiments.manifest import Code
from ladle.experiments.secrets import masked, portable_command
from ladle.experiments.timestamps import timestamp
from ladle.ports import Clock, JobRequest, TrainingJobs
from ladle.project.repository import PACKAGES, find_root
from ladle.tools.git import Git
from ladle.tools.job_files import JobEnding, below_root, pack_job, take_tree, unpack_run
from ladle.tools.recorded_command import read_draft
from ladle.tools.transfer_progress import TransferProgress
from ladle.tools.worktrees import remove_worktree
from ladle.wiring import open_sender, open_training_jobs, training_image, workspace_url


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the command line says of a job; ``job`` is the name of one to take up."""

    instance: str
    image: str | None
    role: str | None
    data: tuple[Path, ...]
    job: str | None

    @property
    def asked(self) -> bool:
        return bool(self.image or self.role or self.data or self.job)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a job runs, and as whom."""

    instance: str
    image: str
    role: str


@dataclass(frozen=True, slots=True)
class JobDesk:
    """Starts, follows and records the jobs of the repository at ``root``."""

    root: Path
    jobs: TrainingJobs
    sender: Sender
    clock: Clock

    def start(
        self, model: str, argv: Sequence[str], machine: Machine, data: Sequence[Path], here: Path
    ) -> str:
        """The name of the job. Nothing is left behind when it was refused."""
        moment = timestamp(self.clock.now())[:19].replace(":", "").replace("T", "-")
        name = f"ladle-{model[:30].rstrip('-')}-{moment}-{secrets.token_hex(2)}"
        book, taken = JobBook(self.root), list(below_root(self.root, here, data))
        folder = here.relative_to(self.root).as_posix()
        with book.held(name):
            place = book.place(name)
            try:
                tree = take_tree(self.root, place)
                below = tree.relative_to(place).as_posix()
                shown = portable_command(argv, self.root)
                author, url = Git().author(self.root), self.sender.workspace.url
                job = {"model": model, "argv": list(argv), "folder": folder, "image": machine.image}
                files = pack_job(book.packed(name), place, self.root, tree, taken, job)
                book.write(StartedJob(name, model, url, shown, folder, author, below))
            except BaseException:
                self._leave(book, name)
                raise
            self._ask(
                JobRequest(name, machine.image, machine.role, machine.instance, files), model, book
            )
        return name

    def _ask(self, request: JobRequest, model: str, book: JobBook) -> None:
        """Where no answer came the job may run: then it is kept, and its name told."""
        name = request.name
        try:
            self.jobs.start(request)
        except (Unavailable, KeyboardInterrupt):
            say(f"ladle: {name} may have been started; {_again(model, name)} takes it up")
            raise
        except LadleError:
            with contextlib.suppress(LadleError):  # the refusal itself is what is told
                self.jobs.forget(name)
            self._leave(book, name)
            raise
        book.forget_packed(name)

    def record(self, model: str, name: str) -> int:
        """Follows the job to its end and records it; the exit status is the command's."""
        book = JobBook(self.root)
        job = book.read(name)
        if job.model != model:
            raise UsageError(
                "LD255",
                f"{name} trains {job.model}, not {model}",
                _again(job.model, name),
            )
        with book.held(name):
            follower = Follower(self.jobs, self.clock, answer, lambda text: say(f"ladle: {text}"))
            followed = follower.follow(name)
            outbox = DiskOutbox(self.root)
            with outbox.new_run(model, timestamp(followed.report.created_at)) as folder:
                draft, status = self._draft(job, followed, folder, outbox)
                outbox.save(draft)
                self._leave(book, name)
                ended = int(ExitCode.INTERRUPTED) if followed.interrupted else status
                return self._sent(draft, name, ended)

    def _draft(
        self, job: StartedJob, followed: Followed, folder: Path, outbox: DiskOutbox
    ) -> tuple[Draft, int]:
        archive = folder / "output.tar.gz"
        came = self.jobs.fetch_output(job.name, archive)
        ending = unpack_run(archive, folder) if came else None
        archive.unlink(missing_ok=True)
        draft, objects = read_draft(folder), outbox.objects(folder.name)
        if draft is None:
            say(_nothing_recorded(job, followed, ending))
        else:
            prove_whole(draft, job.model, objects)
        names = _recorded_apart(draft, job)
        tree = JobBook(self.root).place(job.name) / job.below
        commit = Git().snapshot(tree, names)
        patch = str(keep(objects, masked(commit.patch)).digest) if commit.patch else None
        tree_digest = str(commit.tree) if commit.tree else None
        code = Code(commit.commit, commit.dirty, patch, job.argv, tree_digest, job.folder)
        draft = draft or bare_draft(folder.name, job.model, code)
        status = ending.status if ending else None
        draft = finished_draft(draft, code, job.actor, followed, status)
        printed = (folder / "log").read_bytes() if (folder / "log").exists() else followed.log
        if printed:
            kept = keep(objects, masked(printed))
            draft = replace(draft, manifest=replace(draft.manifest, log=str(kept.digest)))
        failed = draft.manifest.outcome == "failed"
        return replace(draft, workspace=job.workspace), status or int(failed)

    def _sent(self, draft: Draft, name: str, status: int) -> int:
        """All that the job made lies in the outbox by now, so its own files can go."""
        try:
            self.jobs.forget(name)
        except LadleError as error:
            say(f"ladle: training/{name} is left in the store's bucket: {error}")
        try:
            recorded = self.sender.send(draft)
        except LadleError as error:
            say(f"ladle: {kept_words(error)}")
            return status or int(ExitCode.FINDING)
        say(f"ladle: recorded {one_line(recorded)}")
        return status

    def _leave(self, book: JobBook, name: str) -> None:
        remove_worktree(self.root, book.place(name))
        book.remove(name)


def record_elsewhere(model: str, command: Sequence[str], wanted: Elsewhere, offline: bool) -> int:
    """Starts a job, or takes one up, and stays until it is recorded."""
    root = find_root(Path.cwd())
    machine = _machine(model, command, wanted, offline)
    url = workspace_url(root)
    jobs = open_training_jobs(url, root)
    desk = JobDesk(root, jobs, open_sender(None, root, TransferProgress()), SystemClock())
    if machine is None:
        return desk.record(model, wanted.job or "")
    address = training_image(machine.image, url, root, machine.instance)
    machine = replace(machine, image=address)
    name = desk.start(model, command, machine, wanted.data, Path.cwd())
    say(f"ladle: started {name}; should this command be cut off: {_again(model, name)}")
    return desk.record(model, name)


def _machine(
    model: str, command: Sequence[str], wanted: Elsewhere, offline: bool
) -> Machine | None:
    """None for a job that is taken up. Raises LD255 for options that do not go together."""
    if offline:
        problem = "a job needs the store: --offline does not go with --on"
    elif wanted.job is not None:
        if not command and not (wanted.image or wanted.role or wanted.data):
            return None
        problem = "a job that is taken up has its command, image, role and data already"
    elif not command:
        problem = "no command to run was given"
    elif wanted.image is None or wanted.role is None:
        problem = "a job needs an image and a role"
    else:
        return Machine(wanted.instance, wanted.image, wanted.role)
    fix = f"ladle record {model} --on sagemaker --image URI --role ARN -- python train.py"
    raise UsageError("LD255", problem, fix)


def _again(model: str, name: str) -> str:
    return f"ladle record {model} --on sagemaker --job {name}"


def _recorded_apart(draft: Draft | None, job: StartedJob) -> list[str]:
    """Of a model only its own name is known: it lies where the command ran, or in its package."""
    if draft is None:
        return []
    manifest = draft.manifest
    named = [row.name for row in (*manifest.data, *manifest.outputs)]
    if manifest.artefact:
        folders = (job.folder, f"{PACKAGES}/{job.model}")
        named += [(PurePosixPath(f) / manifest.artefact.name).as_posix() for f in folders]
    return named


def _nothing_recorded(job: StartedJob, followed: Followed, ending: JobEnding | None) -> str:
    if ending and not ending.problem:
        return f"ladle: the command did not call ladle.record({job.model!r}): no data, no model"
    why = (ending and ending.problem) or followed.report.why
    return f"ladle: the job {job.name} ended as {followed.report.end}: {why}"
