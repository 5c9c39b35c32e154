"""The contents of an experiment by their digests; no byte is given out that was not verified."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import BinaryIO, cast

from ladle.actions.transfer.fetching import Fetcher
from ladle.actions.transfer.placing import Places
from ladle.actions.transfer.recipes import chunks_of, nodes_of
from ladle.digest import CHUNK_BYTES, PREFIX, Digest
from ladle.errors import Corrupt, LadleError
from ladle.experiments import tree
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.pack import LARGEST_BYTES, ContentKind
from ladle.experiments.recipe import Part
from ladle.experiments.tree import Tree
from ladle.ports import ObjectStore, PackCatalogue

_AHEAD_BYTES = 16 << 20  # chunks are asked for in runs of this size


def layout_of_experiment(recorded: RecordedExperiment, objects: ObjectStore) -> Layout:
    """Raises NotFound, Corrupt; an experiment without data has an empty layout."""
    if recorded.layout is None:
        return Layout(())
    locator = recorded.locators.get(recorded.layout)
    with objects.open(Digest.parse(recorded.layout), locator) as stream:
        return Layout.decode(stream.read())


class DataReader:
    """Reads what one layout holds."""

    def __init__(
        self, objects: ObjectStore, catalogue: PackCatalogue, store: str, layout: Layout
    ) -> None:
        self._places = Places(objects, catalogue, store, layout)
        self._fetcher = Fetcher(objects, self._places)
        self._knows_guides = False

    def read(self, digest: str) -> bytes:
        """Raises NotFound, Corrupt, and LD355 for more than LARGEST_BYTES: ``open`` streams that."""
        content = io.BytesIO()
        for block in self._blocks(digest):
            if content.tell() + len(block) > LARGEST_BYTES:
                raise LadleError(
                    "LD355",
                    f"{digest[:19]} has more than {LARGEST_BYTES:,} bytes",
                    "pull it to a file",
                )
            content.write(block)
        return content.getvalue()

    def copy(self, digest: str, to: BinaryIO) -> None:
        for block in self._blocks(digest):
            to.write(block)

    def open(self, digest: str) -> BinaryIO:
        """A stream that ends in Corrupt when its bytes were not the right ones."""
        return cast("BinaryIO", io.BufferedReader(_Blocks(self._blocks(digest)), CHUNK_BYTES))

    def tree(self, digest: str) -> Tree:
        return tree.decode(self.read(digest), Digest.parse(digest))

    def trees(self, digests: Collection[str]) -> Mapping[str, Tree]:
        """Many at once, with few requests."""
        fetched = list(self.fetch(dict.fromkeys(digests, 0)))
        found = {n: bytes(content) for n, kind, content in fetched if kind is ContentKind.BYTES}
        parts = self.chunks([n for n, kind, _ in fetched if kind is ContentKind.RECIPE])
        sizes = {part.digest: part.bytes for chunks in parts.values() for part in chunks}
        chunks = {name: bytes(content) for name, _, content in self.fetch(sizes)}
        for name, made_of in parts.items():
            found[name] = b"".join(chunks[part.digest] for part in made_of)
        return {n: tree.decode(content, Digest.parse(n)) for n, content in found.items()}

    def fetch(self, wanted: Mapping[str, int]) -> Iterator[tuple[str, ContentKind, memoryview]]:
        """Each of ``wanted`` (with about its size) once, in the order of the packs.

        BYTES are verified; what a RECIPE makes is for the caller to verify.
        """
        self._learn_guides()
        return self._fetcher.fetch(wanted)

    def recipes_among(self, digests: Sequence[str]) -> Collection[str]:
        """Those that are stored as a recipe, as far as is known without reading data."""
        self._learn_guides()
        found = self._places.find(digests)
        return [d for d, placed in found.items() if placed.slot.kind is ContentKind.RECIPE]

    def chunks(self, recipes: Collection[str]) -> Mapping[str, Sequence[Part]]:
        """What each content that is stored as a recipe is made of, in order."""
        return chunks_of(self.fetch, nodes_of(self.fetch, recipes))

    def _learn_guides(self) -> None:
        if not self._knows_guides:
            self._places.learn_guides()
            self._knows_guides = True

    def _blocks(self, digest: str) -> Iterator[memoryview]:
        ((_, kind, content),) = self.fetch({digest: 0})
        if kind is ContentKind.BYTES:
            yield content
            return
        hasher = hashlib.sha256()
        for run in _runs(self.chunks([digest])[digest]):
            chunks = {name: chunk for name, _, chunk in self.fetch(dict(run))}
            for name, _ in run:
                hasher.update(chunks[name])
                yield chunks[name]
        if hasher.hexdigest() != digest.removeprefix(PREFIX):
            raise Corrupt(
                "LD312", f"the recipe of {digest[:19]} is altered", "ladle verify --repair"
            )


def _runs(chunks: Sequence[Part]) -> Iterator[Sequence[tuple[str, int]]]:
    run: list[tuple[str, int]] = []
    for chunk in chunks:
        run.append((chunk.digest, chunk.bytes))
        if sum(length for _, length in run) >= _AHEAD_BYTES:
            yield run
            run = []
    yield run


class _Blocks(io.RawIOBase):
    """Blocks as a stream."""

    def __init__(self, blocks: Iterator[memoryview]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            try:
                self._rest = next(self._blocks)
            except StopIteration:
                return 0
        length = min(len(buffer), len(self._rest))
        buffer[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length
