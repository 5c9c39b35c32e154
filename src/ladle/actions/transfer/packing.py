"""Two packs are filled at a time: one with what files contain, one with what guides to it.

So a pull reads trees and recipes from few packs, and a listing reads no data at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ladle.actions.transfer.cutting import Piece
from ladle.experiments.pack import PackWriter


@dataclass(frozen=True, slots=True)
class FilledPack:
    writer: PackWriter
    guides: bool


def packs(pieces: Iterable[Piece]) -> Iterator[FilledPack]:
    """Full packs, and in the end what is left; of two pieces of one digest a pack takes one."""
    writers = {False: PackWriter(), True: PackWriter()}
    for piece in pieces:
        writer = writers[piece.guides]
        writer.add(piece.digest, piece.kind, piece.content)
        if writer.is_full:
            writers[piece.guides] = PackWriter()
            yield FilledPack(writer, piece.guides)
        del writer  # a full one belongs to whoever sends it
    yield from (FilledPack(w, guides) for guides, w in writers.items() if w.index)
