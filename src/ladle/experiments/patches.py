"""What a patch changes, file by file: lines added, lines removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    """Reads what ``git diff`` writes, file by file."""
    return tuple(_counted(name, section) for name, section in _sections(patch))


def summarise_difference(before: bytes, after: bytes) -> tuple[FilePatch, ...]:
    """Of two patches on the same commit: the files that are not changed alike, as the later has them."""
    old, new = dict(_sections(before)), dict(_sections(after))
    names = [n for n in (*old, *(n for n in new if n not in old)) if old.get(n) != new.get(n)]
    return tuple(_counted(n, new.get(n, [])) for n in names)


def _sections(patch: bytes) -> Iterator[tuple[str, list[bytes]]]:
    name, section = "", list[bytes]()
    left = 0
    for line in patch.split(b"\n"):
        header = _HEADER.match(line) if left <= 0 else None
        if header:
            if name:
                yield name, section
            name, section = header[1].decode("utf-8", "replace"), []
        elif hunk := _HUNK.match(line) if left <= 0 else None:
            left = sum(_lengths(hunk))
        else:
            left -= 2 if line[:1] in (b" ", b"") else line[:1] in (b"+", b"-")
        section.append(line)
    if name:
        yield name, section


def _counted(name: str, section: list[bytes]) -> FilePatch:
    """Lines inside a hunk are counted, whatever they look like."""
    added = removed = old_left = new_left = 0
    for line in section:
        if old_left > 0 or new_left > 0:
            kind = line[:1]
            old_left -= kind in (b"-", b" ", b"")
            new_left -= kind in (b"+", b" ", b"")
            added, removed = added + (kind == b"+"), removed + (kind == b"-")
        elif hunk := _HUNK.match(line):
            old_left, new_left = _lengths(hunk)
    return FilePatch(name, added, removed, binary=b"GIT binary patch" in section)


def _lengths(hunk: re.Match[bytes]) -> tuple[int, int]:
    old, new = (int(n) if n is not None else 1 for n in hunk.groups())
    return old, new
