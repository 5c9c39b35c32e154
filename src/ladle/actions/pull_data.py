"""What an experiment was made from lies in a folder again, each file verified by its sha256.

A file is written whole or not at all, so a pull that is cut short is finished by the same pull.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ladle.actions.read_data import DataReader
from ladle.actions.transfer.targets import Target, targets
from ladle.actions.transfer.writing import (
    Assembly,
    is_there,
    set_executable,
    tidy,
    workshop,
    write,
    writing,
)
from ladle.errors import Finding, ManyFindings
from ladle.experiments import recipe
from ladle.experiments.manifest import DataInput
from ladle.experiments.pack import ContentKind
from ladle.experiments.tree import Kind, TreeEntry
from ladle.ports import Progress

_SHOWN = 20


def pull_data(
    reader: DataReader,
    entry: DataInput | TreeEntry,
    to: Path,
    progress: Progress,
    replace: bool = False,
) -> None:
    """``to`` is what ``entry`` becomes: the file or folder itself, not where it goes.

    What is there and right is left alone, what is not in the experiment too. A file with other
    content is refused with LD353 before anything is written, unless ``replace``.
    """
    found = targets(reader, _entry(entry), to)
    with writing(to):
        missing = _missing(found, to, replace)
        _make_folders(found, to)
    root = str(to if found[0].entry.kind is Kind.FOLDER else to.parent)
    if not missing:
        tidy(root)
        return
    progress.start("pull", sum(t.entry.bytes for t in missing), len(missing))
    try:
        with writing(to), workshop(root) as folder:
            _Pull(reader, to, missing, progress, folder).run()
    finally:
        progress.finish()


def _entry(entry: DataInput | TreeEntry) -> TreeEntry:
    if isinstance(entry, TreeEntry):
        return entry
    return TreeEntry(entry.name, Kind(entry.kind), entry.digest, entry.bytes, entry.files)


def _at(to: Path, target: Target) -> str:
    return os.path.join(to, target.path) if target.path else str(to)


def _missing(found: Sequence[Target], to: Path, replace: bool) -> Sequence[Target]:
    """Files and links to be written; raises LD353 for what is in their way."""
    missing, in_the_way = [], []
    for target in found:
        path = _at(to, target)
        state = is_there(path, target.entry)
        if state is False and not (replace and _may_replace(path, target.entry)):
            in_the_way.append(path)
        elif target.entry.kind is not Kind.FOLDER:
            if not state:
                missing.append(target)
            elif target.entry.kind is Kind.FILE:
                set_executable(path, target.entry.executable)
    if in_the_way:
        raise ManyFindings([_other_content(path) for path in in_the_way[:_SHOWN]])
    return missing


def _may_replace(path: str, entry: TreeEntry) -> bool:
    """A file or link by another. A folder is never removed, and nothing is written through a link."""
    return entry.kind is not Kind.FOLDER and (os.path.islink(path) or not os.path.isdir(path))


def _other_content(path: str) -> Finding:
    return Finding(
        "LD353",
        f"{path} is there already and is something else",
        "move it away, or pull with --force to have it replaced",
    )


def _make_folders(found: Sequence[Target], to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    for target in found:
        if target.entry.kind is Kind.FOLDER:
            os.makedirs(_at(to, target), exist_ok=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a chunk belongs."""

    file: Assembly
    offset: int


class _Pull:
    """One pull's contents on their way from packs to files."""

    def __init__(
        self,
        reader: DataReader,
        to: Path,
        missing: Sequence[Target],
        progress: Progress,
        workshop: str,
    ) -> None:
        self._reader = reader
        self._workshop = workshop
        self._progress = progress
        self._files: dict[str, list[tuple[str, TreeEntry]]] = {}
        self._chunks: dict[str, list[_Place]] = {}
        self._assemblies: list[Assembly] = []
        for target in missing:
            row = _at(to, target), target.entry
            self._files.setdefault(target.entry.digest, []).append(row)

    def run(self) -> None:
        wanted = {digest: rows[0][1].bytes for digest, rows in self._files.items()}
        large = [digest for digest, length in wanted.items() if length > recipe.WHOLE_BYTES]
        try:
            recipes = self._reader.recipes_among(large)
            while wanted:
                for digest in recipes:
                    del wanted[digest]
                wanted |= self._assemble(recipes)
                recipes = self._fetch(wanted)
                wanted = dict.fromkeys(recipes, 0)
        finally:
            for assembly in self._assemblies:
                assembly.discard()

    def _fetch(self, wanted: Mapping[str, int]) -> Collection[str]:
        """Writes what comes; returns what turned out to be made by a recipe."""
        recipes = []
        for name, kind, content in self._reader.fetch(wanted):
            if kind is ContentKind.RECIPE:
                recipes.append(name)
                continue
            for path, entry in self._files.get(name, ()):
                write(path, entry, content, self._workshop)
                self._progress.advance(entry.bytes, 1)
            for place in self._chunks.pop(name, ()):
                ended = place.file.put(place.offset, content)
                self._progress.advance(len(content), 1 if ended else 0)
        return recipes

    def _assemble(self, recipes: Collection[str]) -> Mapping[str, int]:
        """The chunks that large files are made of, from now on with the places where they belong."""
        wanted = {}
        for digest, parts in self._reader.chunks(recipes).items():
            assembly = Assembly(digest, len(parts), self._files[digest], self._workshop)
            self._assemblies.append(assembly)
            offset = 0
            for part in parts:
                wanted[part.digest] = part.bytes
                self._chunks.setdefault(part.digest, []).append(_Place(assembly, offset))
                offset += part.bytes
        return wanted
