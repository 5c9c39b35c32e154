"""Training jobs that were started here and not recorded yet, a folder each below ``.ladle/jobs``.

``job.json`` is there before the job is, so that a job whose command died can be taken up by its name.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ladle.disk.durable import new_file
from ladle.errors import LadleError, NotFound

_FOLDER = Path(".ladle") / "jobs"
_JOB, _LOCK = "job.json", "lock"


@dataclass(frozen=True, slots=True)
class StartedJob:
    """``argv`` and ``folder`` are those of ``manifest.Code``; ``below`` is the repository in its tree."""

    name: str
    model: str
    workspace: str
    argv: tuple[str, ...]
    folder: str
    actor: str
    below: str


class JobBook:
    """The jobs of the repository at ``root``."""

    def __init__(self, root: Path) -> None:
        self._folder = root / _FOLDER

    def place(self, name: str) -> Path:
        """Of the tree as it was when the job began."""
        return self._folder / name / "tree"

    def packed(self, name: str) -> Path:
        """Of what is sent."""
        return self._folder / name / "packed"

    def forget_packed(self, name: str) -> None:
        shutil.rmtree(self.packed(name), ignore_errors=True)

    def write(self, job: StartedJob) -> None:
        with new_file(self._folder / job.name / _JOB) as file:
            file.write(json.dumps(asdict(job), indent=1).encode())

    def read(self, name: str) -> StartedJob:
        """Raises LD256 for a job that was not started here, or is recorded already."""
        try:
            found = json.loads((self._folder / name / _JOB).read_bytes())
        except FileNotFoundError:
            raise NotFound(
                "LD256",
                f"no training job {name} that was started in this checkout waits to be recorded",
                f"ls {_FOLDER} lists those that do; ladle log what is recorded",
            ) from None
        return StartedJob(**{**found, "argv": tuple(found["argv"])})

    @contextlib.contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Two commands that follow one job would record it twice: the second raises LD259."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise LadleError(
                    "LD259",
                    f"another command of this checkout follows the training job {name}",
                    "let that one record it, or end it first",
                ) from error
            yield

    def remove(self, name: str) -> None:
        """The record first: a crash in between leaves files that belong to no job."""
        (self._folder / name / _JOB).unlink(missing_ok=True)
        shutil.rmtree(self._folder / name, ignore_errors=True)
