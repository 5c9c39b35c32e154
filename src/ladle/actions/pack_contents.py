"""Packs are read by their own indexes: what a catalogue says plays no part in a check."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from ladle import digest as digests
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import Locator
from ladle.experiments.pack import (
    END_BYTES,
    ContentKind,
    PackIndex,
    Slot,
    StoredPack,
    read_index,
)
from ladle.ports import ObjectStore, Placed

GAP_BYTES = 64 << 10  # rather read over this much than ask twice
THREADS = 8
Item = TypeVar("Item")
Answer = TypeVar("Answer")


def at_once(work: Callable[[Item], Answer], items: Iterable[Item], threads: int) -> list[Answer]:
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


class PackShelf:
    """Indexes and small contents of packs, each read once, however many experiments share it."""

    def __init__(self, objects: ObjectStore, threads: int = THREADS) -> None:
        self._objects = objects
        self._threads = threads
        self._indexes: dict[str, PackIndex | None] = {}
        self._bodies: dict[str, bytes] = {}

    def contents(self, layout: Layout) -> PackContents:
        """Reads the indexes that are not known yet."""
        new = [p for p in layout.packs if p.digest not in self._indexes]
        found = at_once(self._read_index, new, self._threads)
        self._indexes |= dict(zip((p.digest for p in new), found, strict=True))
        return PackContents(self, layout)

    def index(self, pack: StoredPack) -> PackIndex | None:
        """None when the pack or its index cannot be read."""
        return self._indexes[pack.digest]

    def bodies(self, placed: Mapping[str, Placed]) -> Mapping[str, bytes]:
        """Small contents, neighbours in one request."""
        new = {d: p for d, p in placed.items() if d not in self._bodies}
        for read in at_once(self._read_span, _spans(new), self._threads):
            self._bodies |= read
        return {d: self._bodies[d] for d in placed if d in self._bodies}

    def read(self, placed: Placed) -> bytes:
        """One content, not verified and not kept."""
        slot = placed.slot
        return self._part(placed.pack, slot.offset, slot.length)

    def _read_index(self, pack: StoredPack) -> PackIndex | None:
        start = pack.bytes - END_BYTES - pack.index_bytes
        try:
            return read_index(self._part(pack, start, pack.index_bytes), pack.digest)
        except (NotFound, Corrupt):
            return None

    def _read_span(self, span: Mapping[str, Placed]) -> Mapping[str, bytes]:
        (pack,) = {p.pack for p in span.values()}
        start = min(p.slot.offset for p in span.values())
        end = max(p.slot.offset + p.slot.length for p in span.values())
        try:
            read = self._part(pack, start, end - start)
        except NotFound:
            return {}
        cut = {d: _cut(read, p.slot, start) for d, p in span.items()}
        return {d: body for d, body in cut.items() if _may_be(d, span[d].slot, body)}

    def _part(self, pack: StoredPack, start: int, length: int) -> bytes:
        where = Locator(pack.key, pack.version_id)
        return self._objects.read(Digest.parse(pack.digest), start, length, where)


class PackContents:
    """What one layout's packs hold together."""

    def __init__(self, shelf: PackShelf, layout: Layout) -> None:
        self._shelf = shelf
        self._placed: dict[str, Placed] = {}
        for pack in layout.packs:
            for digest, slot in (shelf.index(pack) or {}).items():
                self._placed.setdefault(digest, Placed(pack, slot))

    @property
    def placed(self) -> Mapping[str, Placed]:
        return self._placed

    def place(self, digest: str) -> Placed:
        return self._placed[digest]

    def held_bytes(self, pack: StoredPack) -> int:
        """Of all contents of one of these packs."""
        return sum(slot.length for slot in (self._shelf.index(pack) or {}).values())

    def slot_of(self, digest: str) -> Slot | None:
        placed = self._placed.get(digest)
        return placed.slot if placed else None

    def bodies(self, wanted: Collection[str]) -> Mapping[str, bytes]:
        return self._shelf.bodies({d: self._placed[d] for d in wanted})


def _spans(placed: Mapping[str, Placed]) -> list[dict[str, Placed]]:
    spans: list[dict[str, Placed]] = []
    last: Placed | None = None
    for digest, place in sorted(placed.items(), key=_by_place):
        near = (
            last is not None
            and last.pack == place.pack
            and place.slot.offset - last.slot.offset - last.slot.length <= GAP_BYTES
        )
        if not near:
            spans.append({})
        spans[-1][digest] = last = place
    return spans


def _by_place(item: tuple[str, Placed]) -> tuple[str, int]:
    return item[1].pack.digest, item[1].slot.offset


def _cut(read: bytes, slot: Slot, start: int) -> bytes:
    return read[slot.offset - start : slot.offset - start + slot.length]


def _may_be(digest: str, slot: Slot, body: bytes) -> bool:
    """A recipe hashes to nothing by itself: what it leads to does."""
    return slot.kind is ContentKind.RECIPE or digests.name_of(body) == digest
