"""Two packs are filled at a time: one with what files contain, one with what guides to it.

So a pull reads trees and recipes from few packs, and a listing reads no data at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ladle.actions.transfer.cutting import Piece
from ladle.experiments.pack import PackIndex, PackWriter


@dataclass(frozen=True, slots=True)
class FilledPack:
    content: bytearray
    index: PackIndex
    guides: bool


class Memory:
    """Of packs that were sent, to be filled anew; at most as much of it as was in use at once."""

    def __init__(self) -> None:
        self._spare: deque[bytearray] = deque()

    def take(self) -> bytearray:
        return self._spare.pop() if self._spare else bytearray()

    def give_back(self, memory: bytearray) -> None:
        """From any thread."""
        self._spare.append(memory)


def packs(pieces: Iterable[Piece], memory: Memory) -> Iterator[FilledPack]:
    """Full packs, and in the end what is left; of two pieces of one digest a pack takes one.

    A piece is copied before the next is asked for.
    """
    writers = {guides: PackWriter(memory.take()) for guides in (False, True)}
    for piece in pieces:
        writer = writers[piece.guides]
        writer.add(piece.digest, piece.kind, piece.content)
        if writer.is_full:
            writers[piece.guides] = PackWriter(memory.take())
            yield FilledPack(writer.finish(), writer.index, piece.guides)
    for guides, writer in writers.items():
        if writer.index:
            yield FilledPack(writer.finish(), writer.index, guides)
