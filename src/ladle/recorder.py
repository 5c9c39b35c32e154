"""``with ladle.record("fraud") as run:`` makes what runs inside it one immutable experiment.

The store is asked first, so that nobody trains for an hour to hear that it is out of reach. At the
end, also of a body that fails, the run is written to the outbox and then sent: one that cannot be sent
waits there for ``ladle push``.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ladle.actions.gather_experiment import Ran, Run
from ladle.disk.clock import SystemClock
from ladle.disk.outbox import DiskOutbox
from ladle.errors import LadleError, NeedsCredentials, Unavailable
from ladle.experiments.draft import kept_words
from ladle.experiments.timestamps import timestamp
from ladle.project.repository import find_root
from ladle.tools.environment import captured
from ladle.tools.git import Git
from ladle.tools.output_copy import output_copied
from ladle.tools.recorded_command import joined_run, leave_draft
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import open_run, open_sender, workspace_url


@contextmanager
def record(model: str, *, workspace: str | None = None, offline: bool = False) -> Iterator[Run]:
    """Records the body as an experiment of ``model``; works from any folder of the repository.

    A body that raises is recorded as failed, with its output, and raises on. Under ``ladle record``
    it is that command's experiment. ``offline`` asks no store: ``ladle push`` sends the run later.
    """
    here = Path.cwd()
    root = find_root(here)
    joined = joined_run(model)
    if joined:
        yield from _joined(model, root, joined)
        return
    progress = TransferProgress()
    sender = None if offline else open_sender(workspace, root, progress)
    url = workspace or workspace_url(root)
    started_at, environment = timestamp(SystemClock().now()), captured(root)
    outbox = DiskOutbox(root)
    with outbox.new_run(model, started_at) as folder:
        run = open_run(model, root, folder, workspace, progress)

        def finish(outcome: str, log: bytes, status: int) -> None:
            ran = Ran(outcome, Git().author(root), sys.orig_argv, here, log, started_at, status)
            draft = run.draft(folder.name, url, ran, environment)
            outbox.save(draft)
            if sender is None:
                outbox.keep_outputs(draft.name)
                _say(kept_words(None))
                return
            try:
                run.id = sender.send(draft).manifest.id
            except (Unavailable, NeedsCredentials) as error:
                outbox.keep_outputs(draft.name)
                _say(kept_words(error))

        yield from _watched(run, finish)


def _joined(model: str, root: Path, folder: Path) -> Iterator[Run]:
    """The outer command knows when the run began, how it ended and what it printed."""
    environment = captured(root)
    run = open_run(model, root, folder, None, TransferProgress())

    def finish(outcome: str, _log: bytes, _status: int) -> None:
        ran = Ran(outcome, Git().author(root), sys.orig_argv, Path.cwd(), b"")
        leave_draft(folder, run.draft(folder.name, "", ran, environment))

    yield from _watched(run, finish)


def _watched(run: Run, finish: Callable[[str, bytes, int], None]) -> Iterator[Run]:
    with output_copied() as output:
        try:
            yield run
        except BaseException as error:
            status = _status(error)
            why = "".join(traceback.format_exception(error)).encode() if status else b""
            try:
                finish("failed" if status else "succeeded", output() + why, status)
            except LadleError as second:
                error.add_note(f"Ladle could not record this run: {second}")
            raise
        finish("succeeded", output(), 0)


def _status(error: BaseException) -> int:
    """What the process ends with when nobody catches ``error``."""
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1


def _say(text: str) -> None:
    sys.stderr.write(f"ladle: {text}\n")
