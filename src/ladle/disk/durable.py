"""A file appears whole or not at all, also when the power fails."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast


@contextlib.contextmanager
def new_file(target: Path, exclusive: bool = False) -> Iterator[BinaryIO]:
    """What the body writes becomes ``target`` when it ends; an exception leaves no trace.

    With ``exclusive`` a target that exists already raises FileExistsError and stays as it is: of two
    writers exactly one wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o444)  # what is written here is never edited, only replaced
        if exclusive:
            os.link(name, target)
        else:
            os.replace(name, target)
        _sync_folder(target.parent)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process, however it ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
