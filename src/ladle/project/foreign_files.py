"""Files of somebody else's store: plain ones of a sane size, inside of the folder that was named."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from ladle.errors import Finding, LadleError, ManyFindings, Place

LARGEST_BYTES = 64 << 20


def read_file(path: Path, shown_as: str) -> bytes:
    """Raises LD391 for what is too large or cannot be read, LD392 for a link or a device."""
    place = Place(shown_as)
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            raise LadleError(
                "LD392", "this is not a plain file: a link may lead anywhere", "replace it", place
            )
        if about.st_size > LARGEST_BYTES:
            what = f"this has {about.st_size:,} bytes, and no such file needs more than {LARGEST_BYTES:,}"
            raise LadleError("LD391", what, "see what it really is", place)
        return path.read_bytes()
    except OSError as error:
        what = f"this cannot be read: {error.strerror}"
        raise LadleError("LD391", what, "see to its permissions", place) from error


def plain_files(root: Path, skipped: frozenset[str]) -> Iterator[str]:
    """Relative paths in order, POSIX; folders of a skipped name are not entered, links not followed."""
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in skipped)
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


class Findings:
    """Collects what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, error: LadleError) -> None:
        self.found += error.findings

    def raise_any(self) -> None:
        if self.found:
            raise ManyFindings(list(dict.fromkeys(self.found)))
