"""Which stretches of packs to ask for when some of their contents are wanted: few, without much waste."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ladle.experiments.pack import Slot, StoredPack

GAP_BYTES = 1 << 20  # reading over a gap of this size takes as long as one more request


@dataclass(frozen=True, slots=True)
class Span:
    """``length`` bytes of ``pack`` from ``start``. ``slots`` None: a whole pack, its index unknown."""

    pack: StoredPack
    start: int
    length: int
    slots: Mapping[str, Slot] | None


def whole(pack: StoredPack) -> Span:
    return Span(pack, 0, pack.bytes, None)


def spans(wanted: Mapping[StoredPack, Mapping[str, Slot]]) -> Iterator[Span]:
    """A pack of which most is wanted is one span."""
    for pack, slots in wanted.items():
        gap = pack.bytes if 2 * sum(s.length for s in slots.values()) >= pack.bytes else GAP_BYTES
        by_place = sorted(slots.items(), key=lambda item: item[1].offset)
        for group in _groups(by_place, gap):
            start = group[0][1].offset
            end = max(slot.offset + slot.length for _, slot in group)
            yield Span(pack, start, end - start, dict(group))


def _groups(by_place: Iterable[tuple[str, Slot]], gap: int) -> Iterator[Sequence[tuple[str, Slot]]]:
    group: list[tuple[str, Slot]] = []
    end = 0
    for name, slot in by_place:
        if group and slot.offset > end + gap:
            yield group
            group = []
        group.append((name, slot))
        end = max(end, slot.offset + slot.length)
    if group:
        yield group
