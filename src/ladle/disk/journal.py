"""What was appended stays; a torn last line was never written.

One process at a time appends, under a lock that the system frees when the process dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


class Journal:
    """Lines of a file, each read once by this object, in the order in which they were written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_bytes = 0

    @contextmanager
    def locked(self) -> Iterator[BinaryIO]:
        """The file, alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file

    def news(self, file: BinaryIO) -> list[bytes]:
        """Whole lines that this object has not read yet; a torn one is cut off."""
        file.seek(self._read_bytes)
        text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        if len(whole) < len(text):
            file.truncate(self._read_bytes)
        return whole.splitlines()

    def append(self, file: BinaryIO, line: bytes) -> None:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
