"""What a pull writes and where: every path lies below the folder that was named, and is its own.

Names come from a manifest that somebody else wrote. They are refused before anything is written.
"""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.actions.read_data import DataReader
from ladle.actions.walk_folder import OWN
from ladle.errors import LadleError
from ladle.experiments.tree import Kind, Tree, TreeEntry

_NEVER = frozenset({"", ".", "..", *OWN})


@dataclass(frozen=True, slots=True)
class Target:
    """A file, link or folder to be. ``path`` is "" for what was named itself."""

    path: str
    entry: TreeEntry


def targets(reader: DataReader, entry: TreeEntry, to: Path) -> Sequence[Target]:
    """Folders before what lies in them. Raises LD351 and LD352 for names that cannot be."""
    found = [Target("", entry)]
    level = list(found) if entry.kind is Kind.FOLDER else []
    while level:
        trees = reader.trees({target.entry.digest for target in level})
        below = [t for folder in level for t in _below(folder.path, trees[folder.entry.digest])]
        found += below
        level = [target for target in below if target.entry.kind is Kind.FOLDER]
    _refuse_collisions(found, to)
    return found


def _below(folder: str, entries: Tree) -> Iterator[Target]:
    for entry in entries:
        name = entry.name
        if name.casefold() in _NEVER or "/" in name or "\0" in name or os.sep in name:
            raise LadleError(
                "LD351",
                f"{folder or 'the folder'} names an entry {name!r}, which is no name of data",
                "the experiment was made to do harm: show it to whoever recorded it",
            )
        yield Target(f"{folder}/{name}" if folder else name, entry)


def _refuse_collisions(found: Sequence[Target], to: Path) -> None:
    """Two names that a file system may take for one are tried on this one."""
    alike: dict[str, list[str]] = {}
    for target in found:
        alike.setdefault(unicodedata.normalize("NFC", target.path).casefold(), []).append(
            target.path
        )
    for paths in alike.values():
        if len(paths) > 1 and (len(set(paths)) < len(paths) or _are_one(paths, to)):
            raise LadleError(
                "LD352",
                f"{' and '.join(repr(path) for path in sorted(paths))} are one name on the file "
                f"system of {to}",
                "pull to a file system that tells them apart",
            )


def _are_one(paths: Sequence[str], to: Path) -> bool:
    there = next(folder for folder in (to, *to.parents) if folder.is_dir())
    with tempfile.TemporaryDirectory(prefix=".ladle-", dir=there) as folder:
        for path in paths:
            (Path(folder) / path.rpartition("/")[2]).touch()
        return len(os.listdir(folder)) < len({path.rpartition("/")[2] for path in paths})
