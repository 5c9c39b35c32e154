"""Packs are rewritten, never edited: new packs first, then the layouts that name them, old ones stay.

What an experiment is does not change by it; whoever reads by the old layout reads on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ladle import digest as digests
from ladle.actions.pack_contents import PackContents, PackShelf
from ladle.errors import Conflict, Corrupt
from ladle.experiments.layout import Layout, layout_of
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.pack import ROW_BYTES, ContentKind, PackWriter, StoredPack, broken
from ladle.experiments.reach import Reach, reach
from ladle.ports import ManifestStore, ObjectStore, Placed


@dataclass(frozen=True, slots=True)
class Packed:
    """An experiment with the packs of its data and what it needs of them."""

    recorded: RecordedExperiment
    layout: Layout
    contents: PackContents
    reach: Reach

    def needed_in(self, packs: Collection[str]) -> Mapping[str, Placed]:
        """What it needs of ``packs``, by digest."""
        placed = self.contents.placed
        return {
            d: placed[d] for d in self.reach.needs if d in placed and placed[d].pack.digest in packs
        }


def packed(
    recorded: RecordedExperiment, layout: Layout, shelf: PackShelf, erased: Collection[str]
) -> Packed:
    """Raises Corrupt when something that it needs is not there: what is broken is not rewritten."""
    contents = shelf.contents(layout)
    inputs = (*recorded.manifest.data, *recorded.manifest.outputs)
    found = reach(inputs, contents.slot_of, contents.bodies, erased)
    if found.broken or found.missing:
        raise Corrupt(
            "LD361",
            f"experiment {recorded.manifest.id[:12]} is not whole, so nothing is collected or erased",
            "ladle verify names what is missing, ladle verify --repair may restore it",
        )
    return Packed(recorded, layout, contents, found)


def sparse_packs(experiments: Sequence[Packed], below: float = 0.5) -> Mapping[str, StoredPack]:
    """Packs of which less than this share of their contents is needed by anybody."""
    packs = {p.digest: p for e in experiments for p in e.layout.packs}
    held: dict[str, int] = dict.fromkeys(packs, 0)
    live: dict[str, dict[str, int]] = {digest: {} for digest in packs}
    for experiment in experiments:
        for pack in experiment.layout.packs:
            held[pack.digest] = experiment.contents.held_bytes(pack)
        for digest, placed in experiment.needed_in(packs).items():
            live[placed.pack.digest][digest] = placed.slot.length
    return {
        digest: pack
        for digest, pack in packs.items()
        if sum(live[digest].values()) < below * held[digest]
    }


def rewrite(
    objects: ObjectStore,
    manifests: ManifestStore,
    shelf: PackShelf,
    experiments: Sequence[Packed],
    old: Collection[str],
) -> int:
    """Moves what is needed of the packs ``old`` into new ones; returns how many experiments moved."""
    affected = [e for e in experiments if any(p.digest in old for p in e.layout.packs)]
    needed = {d: p for e in affected for d, p in e.needed_in(old).items()}
    moved_to = {
        digest: pack for pack, inside in _new_packs(objects, shelf, needed) for digest in inside
    }
    for experiment in affected:
        packs = {p for p in experiment.layout.packs if p.digest not in old}
        packs |= {moved_to[d] for d in experiment.needed_in(old)}
        _relocate(objects, manifests, experiment, packs)
    return len(affected)


def _new_packs(
    objects: ObjectStore, shelf: PackShelf, needed: Mapping[str, Placed]
) -> Iterator[tuple[StoredPack, Collection[str]]]:
    writer = PackWriter()
    for digest, placed in sorted(needed.items(), key=_by_place):
        content = shelf.read(placed)
        if placed.slot.kind is ContentKind.BYTES and digests.name_of(content) != digest:
            raise broken(placed.pack.digest)
        writer.add(digest, placed.slot.kind, content)
        if writer.is_full:
            yield _stored(objects, writer)
            writer = PackWriter()
    if writer.index:
        yield _stored(objects, writer)


def _by_place(item: tuple[str, Placed]) -> tuple[str, int]:
    return item[1].pack.digest, item[1].slot.offset


def _stored(objects: ObjectStore, writer: PackWriter) -> tuple[StoredPack, Collection[str]]:
    body = writer.finish()
    digest = digests.of_bytes(body)
    where = objects.put_if_absent(digest, body)
    index_bytes = ROW_BYTES * len(writer.index)
    pack = StoredPack(str(digest), len(body), index_bytes, where.key, where.version_id)
    return pack, writer.index


def _relocate(
    objects: ObjectStore, manifests: ManifestStore, experiment: Packed, packs: set[StoredPack]
) -> None:
    """Somebody who moved it meanwhile wins; the next run finds the rest."""
    recorded = experiment.recorded
    kept = {p.digest for p in packs}
    guides = frozenset(experiment.layout.guides) & kept
    if not guides >= set(experiment.layout.guides):  # trees may lie in any of the new ones
        guides |= kept - {p.digest for p in experiment.layout.packs}
    body = layout_of(packs, guides).encode()
    digest = digests.of_bytes(body)
    where = objects.put_if_absent(digest, body)
    locators = {d: loc for d, loc in recorded.locators.items() if d != recorded.layout}
    try:
        manifests.relocate(recorded, {**locators, str(digest): where}, str(digest))
    except Conflict:
        return
