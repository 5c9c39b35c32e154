"""``with ladle.record("fraud") as run:`` makes what runs inside it one immutable experiment.

The store is asked first, so that nobody trains for an hour to hear that it is out of reach; the
manifest is written at the end, also of a body that fails.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ladle.actions.gather_experiment import Ran, Run
from ladle.actions.record_experiment import record_experiment
from ladle.disk.clock import SystemClock
from ladle.errors import LadleError
from ladle.project.repository import find_root
from ladle.tools.environment import captured
from ladle.tools.git import Git
from ladle.tools.model_jail import ModelJail
from ladle.tools.output_copy import output_copied
from ladle.tools.recorded_command import joined_run, leave_draft
from ladle.wiring import open_workspace


@contextmanager
def record(model: str, *, workspace: str | None = None) -> Iterator[Run]:
    """Records the body as an experiment of ``model``; works from any folder of the repository.

    A body that raises is recorded as failed, with its output, and raises on. Under ``ladle record``
    it is that command's experiment.
    """
    root = find_root(Path.cwd())
    joined = joined_run(model)
    ports = open_workspace(workspace, root)
    run = Run(model, root, ports.objects, Git(), ModelJail())

    def finish(outcome: str, log: bytes) -> None:
        ran = Ran(outcome, Git().author(root), sys.orig_argv, b"" if joined else log)
        draft = run.draft(ran, captured())
        if joined:
            leave_draft(joined, draft)
        else:
            run.id = record_experiment(ports.manifests, draft, SystemClock()).manifest.id

    yield from _watched(run, finish)


def _watched(run: Run, finish: Callable[[str, bytes], None]) -> Iterator[Run]:
    with output_copied() as output:
        try:
            yield run
        except BaseException as error:
            failed = not (isinstance(error, SystemExit) and error.code in (None, 0))
            why = "".join(traceback.format_exception(error)).encode() if failed else b""
            try:
                finish("failed" if failed else "succeeded", output() + why)
            except LadleError as second:
                error.add_note(f"Ladle could not record this run: {second}")
            raise
        finish("succeeded", output())
