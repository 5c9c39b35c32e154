"""What snapshots are made of: each content once, wherever it is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from ladle.actions.transfer.cutting import Piece, pieces_of_bytes, pieces_of_file
from ladle.experiments import tree
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind


@dataclass(frozen=True, slots=True)
class Content:
    """``source`` is the path of a file, or bytes. ``guides``: a tree, which leads to other contents."""

    source: str | bytes
    bytes: int
    guides: bool = False

    def pieces(self, digest: str) -> Iterator[Sequence[Piece]]:
        if isinstance(self.source, str):
            return pieces_of_file(self.source, digest, self.bytes)
        return pieces_of_bytes(self.source, digest, self.guides)


def contents_of(snapshots: Sequence[Snapshot]) -> Mapping[str, Content]:
    """Files in order of their paths, so that what lies together is packed together; then links, trees."""
    found: dict[str, Content] = {}
    for snapshot in snapshots:
        sizes = _sizes(snapshot)
        for digest, path in sorted(snapshot.sources.items(), key=itemgetter(1)):
            found.setdefault(digest, Content(path, sizes[digest]))
    for snapshot in snapshots:
        for digest, text in snapshot.links.items():
            found.setdefault(digest, Content(text, len(text)))
        for digest, entries in snapshot.trees.items():
            content = tree.encode(entries)
            found.setdefault(digest, Content(content, len(content), guides=True))
    return found


def _sizes(snapshot: Snapshot) -> Mapping[str, int]:
    if snapshot.kind is Kind.FILE:
        return {snapshot.digest: snapshot.bytes}
    return {entry.digest: entry.bytes for t in snapshot.trees.values() for entry in t}
