"""Two packs are filled at a time: one with what files contain, one with what guides to it.

So a pull reads trees and recipes from few packs, and a listing reads no data at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ladle.actions.transfer.cutting import Piece
from ladle.experiments.pack import PackIndex, PackWriter


@dataclass(frozen=True, slots=True)
class FilledPack:
    content: bytes
    index: PackIndex
    guides: bool


def packs(pieces: Iterable[Piece]) -> Iterator[FilledPack]:
    """Full packs, and in the end what is left; of two pieces of one digest a pack takes one.

    A pack is put together here, so that the pieces of one at most are held beside packs in flight.
    """
    writers = {False: PackWriter(), True: PackWriter()}
    for piece in pieces:
        writer = writers[piece.guides]
        writer.add(piece.digest, piece.kind, piece.content)
        if writer.is_full:
            writers[piece.guides] = PackWriter()
            yield FilledPack(writer.finish(), writer.index, piece.guides)
    for guides, writer in writers.items():
        if writer.index:
            yield FilledPack(writer.finish(), writer.index, guides)
