"""Contents come out of packs in the order in which they lie there, each verified.

A pack that is gone or does not hold what was known of it is forgotten, and what was wanted of it is
looked for once more: another pack may have it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from ladle import digest as digests
from ladle.actions.transfer.in_flight import answers
from ladle.actions.transfer.placing import Places
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.experiments.manifest import Locator
from ladle.experiments.pack import ContentKind, PackIndex, Slot, StoredPack, broken
from ladle.experiments.spans import Span, spans, whole
from ladle.ports import ObjectStore

_ROUNDS = 2


class Fetcher:
    """Reads many contents with few requests; holds no more than a few packs at a time."""

    def __init__(self, objects: ObjectStore, places: Places) -> None:
        self._objects = objects
        self._places = places

    def fetch(self, wanted: Mapping[str, int]) -> Iterator[tuple[str, ContentKind, memoryview]]:
        """Each of ``wanted`` once; its values are about how many bytes of it there are.

        Raises NotFound LD354 and Corrupt LD312 for what is in no pack as it should be.
        """
        left = dict(wanted)
        trouble: Exception | None = None
        for _ in range(_ROUNDS):
            for span, content in answers(self._read, self._plan(left)):
                try:
                    for name, slot, bytes_ in self._contents(span, content, left):
                        del left[name]
                        yield name, slot.kind, bytes_
                except (Corrupt, NotFound) as error:
                    trouble = error
                    self._places.forget(span.pack.digest)
            if not left:
                return
        raise trouble or _nowhere(left)

    def _plan(self, wanted: Mapping[str, int]) -> Iterator[Span]:
        """When most of the packs that are not known is wanted, they are read without their indexes first."""
        found = dict(self._places.find(list(wanted)))
        missing = [name for name in wanted if name not in found]
        blind: Iterable[StoredPack] = ()
        if missing:
            unknown = self._places.unknown()
            if 2 * sum(wanted[name] for name in missing) >= sum(p.bytes for p in unknown):
                blind = unknown
            else:
                self._places.learn(unknown)
                found.update(self._places.find(missing))
        by_pack: dict[StoredPack, dict[str, Slot]] = {}
        for name, placed in found.items():
            by_pack.setdefault(placed.pack, {})[name] = placed.slot
        return chain(spans(by_pack), map(whole, blind))

    def _read(self, span: Span) -> tuple[Span, bytes | None]:
        where = Locator(span.pack.key, span.pack.version_id)
        with contextlib.suppress(NotFound):
            pack = Digest.parse(span.pack.digest)
            return span, self._objects.read(pack, span.start, span.length, where)
        return span, None

    def _contents(
        self, span: Span, content: bytes | None, left: Mapping[str, int]
    ) -> Iterator[tuple[str, Slot, memoryview]]:
        if content is None:
            raise _gone(span.pack)
        if len(content) != span.length:
            raise broken(span.pack.digest)
        index: PackIndex = (
            self._places.add_whole(span.pack, content) if span.slots is None else span.slots
        )
        view = memoryview(content)
        for name, slot in index.items():
            if name in left:
                start = slot.offset - span.start
                bytes_ = view[start : start + slot.length]
                if slot.kind is ContentKind.BYTES and digests.name_of(bytes_) != name:
                    raise broken(span.pack.digest)
                yield name, slot, bytes_


def _gone(pack: StoredPack) -> NotFound:
    return NotFound(
        "LD311",
        f"the store has no pack {pack.digest[7:19]}",
        "ladle verify --repair, on a machine that has the data",
    )


def _nowhere(wanted: Mapping[str, int]) -> NotFound:
    name = next(iter(wanted))
    return NotFound(
        "LD354",
        f"no pack of this experiment holds {name[:19]}"
        + (f" (nor {len(wanted) - 1} more)" if len(wanted) > 1 else ""),
        "ladle verify --repair, on a machine that has the data",
    )
