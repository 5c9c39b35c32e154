"""A pack is in the store before anything says that it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ladle import digest as digests
from ladle.actions.transfer.in_flight import answers
from ladle.actions.transfer.packing import FilledPack, Memory
from ladle.experiments.pack import ROW_BYTES, PackIndex, StoredPack
from ladle.ports import ObjectStore


@dataclass(frozen=True, slots=True)
class SentPack:
    pack: StoredPack
    index: PackIndex
    guides: bool


def send(objects: ObjectStore, packs: Iterable[FilledPack], memory: Memory) -> Iterator[SentPack]:
    """In the order of ``packs``; what a thread holds in memory is one pack."""

    def put(filled: FilledPack) -> SentPack:
        digest = digests.of_bytes(filled.content)
        locator = objects.put_if_absent(digest, filled.content)
        index_bytes = ROW_BYTES * len(filled.index)
        pack = StoredPack(
            str(digest), len(filled.content), index_bytes, locator.key, locator.version_id
        )
        memory.give_back(filled.content)
        return SentPack(pack, filled.index, filled.guides)

    return answers(put, packs)
