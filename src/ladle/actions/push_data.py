"""Every content of the snapshots is in the store, and a layout says where, before this returns.

What the store has is not sent again. A push that is cut short leaves packs that the next one finds,
and nothing that points to a pack which is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ladle import digest as digests
from ladle.actions.transfer.contents import Content, contents_of
from ladle.actions.transfer.cutting import Piece
from ladle.actions.transfer.fetching import Fetcher
from ladle.actions.transfer.packing import Memory, packs
from ladle.actions.transfer.placing import Places
from ladle.actions.transfer.recipes import Fetch, chunks_of, nodes_of
from ladle.actions.transfer.sending import send
from ladle.errors import Corrupt, NotFound
from ladle.experiments.layout import Layout, layout_of
from ladle.experiments.manifest import Locator
from ladle.experiments.pack import ContentKind, StoredPack
from ladle.experiments.snapshot import Snapshot
from ladle.ports import ObjectStore, PackCatalogue, Progress


@dataclass(frozen=True, slots=True)
class PushedData:
    """``layout`` is the digest of the object at ``locator``; bytes are those of the packs sent."""

    layout: str
    locator: Locator
    packs_sent: int
    bytes_sent: int


def push_data(
    snapshots: Sequence[Snapshot],
    objects: ObjectStore,
    catalogue: PackCatalogue,
    store: str,
    base: Layout | None,
    progress: Progress,
) -> PushedData:
    """``store`` is the workspace's URL; ``base`` the layout of the model's newest experiment.

    Raises Corrupt LD316 when a file is no longer what its snapshot says.
    """
    places = Places(objects, catalogue, store, base)
    places.learn(places.unknown())
    contents, layout = contents_of(snapshots), _Layout()
    known = _rely_on(contents, places, Fetcher(objects, places).fetch, layout)
    missing = {name: c for name, c in contents.items() if name not in known}
    packs_sent, bytes_sent = 0, 0
    progress.start("push", sum(c.bytes for c in missing.values()), len(missing))
    try:
        on_the_way: set[str] = set()
        memory = Memory()
        pieces = _pieces(missing, places, layout, on_the_way, progress)
        for sent in send(objects, packs(pieces, memory), memory):
            places.add(sent.pack, sent.index)
            on_the_way -= sent.index.keys()
            layout.add(sent.pack, sent.guides)
            packs_sent, bytes_sent = packs_sent + 1, bytes_sent + sent.pack.bytes
    finally:
        progress.finish()
    body = layout.whole().encode()
    digest = digests.of_bytes(body)
    locator = objects.put_if_absent(digest, body)
    return PushedData(str(digest), locator, packs_sent, bytes_sent)


class _Layout:
    """The packs that are relied on, as they become known."""

    def __init__(self) -> None:
        self._packs: dict[str, StoredPack] = {}
        self._guides: set[str] = set()

    def add(self, pack: StoredPack, guides: bool) -> None:
        self._packs[pack.digest] = pack
        if guides:
            self._guides.add(pack.digest)

    def whole(self) -> Layout:
        return layout_of(set(self._packs.values()), frozenset(self._guides))


def _rely_on(
    contents: Mapping[str, Content], places: Places, fetch: Fetch, layout: _Layout
) -> Collection[str]:
    """What need not be sent: it lies in proven packs, with all that it is made of."""
    found = dict(places.find_proven(list(contents)))
    recipes = [name for name, placed in found.items() if placed.slot.kind is ContentKind.RECIPE]
    try:
        nodes = nodes_of(fetch, recipes)
        node_names = {part.digest for parts in nodes.values() for part in parts}
        chunks = chunks_of(fetch, nodes)
        chunk_names = {part.digest for parts in chunks.values() for part in parts}
        parts = places.find_proven([*node_names, *chunk_names])
        whole = len(parts) == len(node_names | chunk_names)
    except (Corrupt, NotFound):
        whole = False
    if not whole:  # cut anew, and what is missing is sent
        found = {name: placed for name, placed in found.items() if name not in recipes}
        parts, node_names = {}, set()
    for name, placed in chain(found.items(), parts.items()):
        is_recipe = placed.slot.kind is ContentKind.RECIPE
        tells = name in contents and contents[name].guides
        layout.add(placed.pack, is_recipe or tells or name in node_names)
    return found.keys()


def _pieces(
    missing: Mapping[str, Content],
    places: Places,
    layout: _Layout,
    on_the_way: set[str],
    progress: Progress,
) -> Iterator[Piece]:
    """The pieces that no proven pack holds and none on its way to the store, each once."""
    for name, content in missing.items():
        for pieces in content.pieces(name):
            parts = [p.digest for p in pieces if p.digest not in missing]
            found = places.find_proven(parts) if parts else {}
            for piece in pieces:
                if piece.digest in found:
                    layout.add(found[piece.digest].pack, piece.guides)
                elif piece.digest not in on_the_way:
                    on_the_way.add(piece.digest)
                    yield piece
            progress.advance(sum(len(p.content) for p in pieces if not p.guides))
        progress.advance(0, 1)
