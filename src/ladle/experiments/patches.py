"""What a patch changes, file by file: lines added, lines removed."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HUNK = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_HEADER = re.compile(rb"^diff --git (?:\"?a/.*?\"?) \"?b/(.*?)\"?$")


@dataclass(frozen=True, slots=True)
class FilePatch:
    """One file of a patch; a binary file has no lines to count."""

    name: str
    added: int
    removed: int
    binary: bool = False

    def __str__(self) -> str:
        return (
            f"{self.name} (binary)" if self.binary else f"{self.name} +{self.added} −{self.removed}"
        )


def summarise(patch: bytes) -> tuple[FilePatch, ...]:
    """Reads what ``git diff`` writes. Lines inside a hunk are counted, whatever they look like."""
    files: list[FilePatch] = []
    old_left = new_left = 0
    for line in patch.split(b"\n"):
        if old_left > 0 or new_left > 0:
            kind = line[:1]
            old_left -= kind in (b"-", b" ", b"")
            new_left -= kind in (b"+", b" ", b"")
            last = files[-1]
            files[-1] = FilePatch(
                last.name, last.added + (kind == b"+"), last.removed + (kind == b"-")
            )
        elif header := _HEADER.match(line):
            files.append(FilePatch(header[1].decode("utf-8", "replace"), 0, 0))
        elif files and (hunk := _HUNK.match(line)):
            old_left, new_left = (int(n) if n is not None else 1 for n in hunk.groups())
        elif files and line in (b"GIT binary patch",):
            files[-1] = FilePatch(files[-1].name, 0, 0, binary=True)
    return tuple(files)
