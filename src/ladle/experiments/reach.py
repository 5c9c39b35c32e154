"""What the data of an experiment needs: a tree leads to its entries, a recipe to nodes and chunks."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from ladle.digest import Digest
from ladle.errors import Corrupt
from ladle.experiments import recipe, tree
from ladle.experiments.manifest import DataInput
from ladle.experiments.pack import ContentKind, Slot

SlotOf = Callable[[str], Slot | None]
# The bodies of contents; one that cannot be read, or is not what its digest says, is left out.
ReadBodies = Callable[[Collection[str]], Mapping[str, bytes]]


class Part(Enum):
    """What a content is to whoever needs it."""

    FILE = auto()
    TREE = auto()
    NODE = auto()
    CHUNK = auto()


@dataclass(frozen=True, slots=True)
class Need:
    """``path`` says to a person what needs it; ``file`` is the digest of the file that it is of."""

    digest: str
    part: Part
    path: str
    bytes: int | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """All needs by digest; of these the ones that no pack has, and the ones that say nonsense.

    ``erased`` are files that are gone on purpose; they are no need.
    """

    needs: Mapping[str, Need] = field(default_factory=dict)
    missing: tuple[Need, ...] = ()
    broken: tuple[Need, ...] = ()
    erased: tuple[Need, ...] = ()


def reach(
    inputs: Sequence[DataInput], slot_of: SlotOf, read: ReadBodies, erased: Collection[str] = ()
) -> Reach:
    """Level by level, so that a level's bodies can be read at once. What was erased leads nowhere."""
    needs: dict[str, Need] = {}
    missing: list[Need] = []
    broken: list[Need] = []
    skipped: dict[str, Need] = {}

    def new(level: Iterable[Need]) -> list[Need]:
        """An erased file may live on as a part of another one."""
        fresh: dict[str, Need] = {}
        for need in level:
            if need.part is Part.FILE and need.digest in erased:
                skipped[need.digest] = need
            elif need.digest not in needs:
                fresh[need.digest] = need
        needs.update(fresh)
        return list(fresh.values())

    level = new(_need_of(entry) for entry in inputs)
    while level:
        found = {n.digest: slot_of(n.digest) for n in level}
        missing += [n for n in level if found[n.digest] is None]
        inner = [n for n in level if (slot := found[n.digest]) and _has_more(n, slot)]
        bodies = read([n.digest for n in inner])
        below: list[Need] = []
        for need in inner:
            try:
                below += _below(need, bodies[need.digest])
            except (KeyError, ValueError, TypeError, struct.error, Corrupt):
                broken.append(need)
        level = new(below)
    return Reach(needs, tuple(missing), tuple(broken), tuple(skipped.values()))


def _need_of(entry: DataInput) -> Need:
    if entry.kind == "folder":
        return Need(entry.digest, Part.TREE, f"{entry.name}/")
    return Need(entry.digest, Part.FILE, entry.name, entry.bytes, entry.digest)


def _has_more(need: Need, slot: Slot) -> bool:
    if need.part is Part.FILE:
        return slot.kind is ContentKind.RECIPE
    return need.part is not Part.CHUNK


def _below(need: Need, body: bytes) -> Iterator[Need]:
    if need.part is Part.TREE:
        for entry in tree.decode(body, Digest.parse(need.digest)):
            path = need.path + entry.name
            if entry.kind is tree.Kind.FOLDER:
                yield Need(entry.digest, Part.TREE, f"{path}/")
            else:
                yield Need(entry.digest, Part.FILE, path, entry.bytes, entry.digest)
        return
    parts = recipe.decode(body)
    if need.bytes is not None and sum(p.bytes for p in parts) != need.bytes:
        raise ValueError(f"{need.path} is not as long as its parts")
    below = Part.NODE if need.part is Part.FILE else Part.CHUNK
    for part in parts:
        yield replace(need, digest=part.digest, part=below, bytes=part.bytes)
