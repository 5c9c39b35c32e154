"""Where contents lie in a store; nothing is said to lie there before its pack is proven.

A pack of a layout that an experiment stands on is proven by that: it is never collected. Any other
that this machine knows of may have been, and is asked for once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ladle.actions.transfer.in_flight import answers
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import Locator
from ladle.experiments.pack import END_BYTES, PackIndex, StoredPack, index_of, read_index
from ladle.ports import ObjectStore, PackCatalogue, Placed


class Places:
    """The catalogue of one store, with what it did not take (it may be full, or read-only)."""

    def __init__(
        self, objects: ObjectStore, catalogue: PackCatalogue, store: str, layout: Layout | None
    ) -> None:
        self._objects = objects
        self._catalogue = catalogue
        self._store = store
        self._packs = {p.digest: p for p in layout.packs} if layout else {}
        self._guides = frozenset(layout.guides) if layout else frozenset[str]()
        self._proven = set(self._packs)
        self._learned: dict[str, Placed] = {}
        self._known: set[str] = set()

    def find(self, digests: Sequence[str]) -> Mapping[str, Placed]:
        """As far as known: those that are missing may be in packs of ``unknown``."""
        found = dict(self._catalogue.find(self._store, digests))
        found.update((d, self._learned[d]) for d in digests if d in self._learned)
        return found

    def find_proven(self, digests: Sequence[str]) -> Mapping[str, Placed]:
        """Without what lies in packs that are gone; those are forgotten."""
        while True:
            found = self.find(digests)
            doubted = {p.pack.digest for p in found.values()} - self._proven
            gone = self._prove(sorted(doubted))
            if not gone:
                return found
            for pack in gone:
                self.forget(pack)

    def unknown(self, only: Collection[str] | None = None) -> Sequence[StoredPack]:
        """Packs of the layout whose index this machine has not read."""
        return [
            pack
            for digest, pack in self._packs.items()
            if (only is None or digest in only)
            and digest not in self._known
            and not self._catalogue.holds(self._store, digest)
        ]

    def learn(self, packs: Sequence[StoredPack]) -> None:
        """Reads their indexes: one request for each. What is gone or altered holds nothing."""
        for pack, index in zip(packs, answers(self._read_index, packs), strict=True):
            if index is None:
                self._proven.discard(pack.digest)
                self._known.add(pack.digest)
            else:
                self.add(pack, index)

    def learn_guides(self) -> None:
        """The few packs that hold trees and recipes."""
        self.learn(self.unknown(self._guides))

    def add_whole(self, pack: StoredPack, content: bytes) -> PackIndex:
        """The index of a pack that was read, which is known from now on."""
        index = index_of(content, pack.digest)
        self.add(pack, index)
        return index

    def add(self, pack: StoredPack, index: PackIndex) -> None:
        self._catalogue.add(self._store, pack, index)
        self._proven.add(pack.digest)
        self._known.add(pack.digest)
        if not self._catalogue.holds(self._store, pack.digest):
            self._learned.update((name, Placed(pack, slot)) for name, slot in index.items())

    def forget(self, pack: str) -> None:
        self._catalogue.drop(self._store, pack)
        self._proven.discard(pack)
        self._known.discard(pack)
        self._learned = {n: p for n, p in self._learned.items() if p.pack.digest != pack}

    def _prove(self, packs: Sequence[str]) -> Sequence[str]:
        """Those that are gone; the others are proven from now on."""
        located = answers(self._objects.locate, [Digest.parse(pack) for pack in packs])
        states = dict(zip(packs, located, strict=True))
        self._proven.update(pack for pack, locator in states.items() if locator)
        return [pack for pack, locator in states.items() if not locator]

    def _read_index(self, pack: StoredPack) -> PackIndex | None:
        start = pack.bytes - END_BYTES - pack.index_bytes
        where = Locator(pack.key, pack.version_id)
        try:
            rows = self._objects.read(Digest.parse(pack.digest), start, pack.index_bytes, where)
            return read_index(rows, pack.digest) if len(rows) == pack.index_bytes else None
        except (Corrupt, NotFound):
            return None
