"""Which packs together hold the data of an experiment: what its pull has to read and no more.

A layout is an object of its own, beside the manifest and not part of its identity: packs may be
rewritten, and what an experiment is stays the same.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ladle.digest import canonical_json
from ladle.errors import Corrupt
from ladle.experiments.pack import StoredPack

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """Sorted by digest, so that equal sets of packs are equal objects.

    ``guides`` names the packs that hold its trees and recipes, which a reader needs first. It only
    saves requests: a layout without it is read as well.
    """

    packs: tuple[StoredPack, ...]
    guides: tuple[str, ...] = ()

    def encode(self) -> bytes:
        packs = [asdict(pack) for pack in self.packs]
        return canonical_json({"schema": SCHEMA, "packs": packs, "guides": self.guides})

    @classmethod
    def decode(cls, content: bytes) -> Layout:
        """Raises Corrupt for what is no layout."""
        try:
            data = json.loads(content)
            packs = tuple(StoredPack(**pack) for pack in data["packs"])
            return cls(packs, tuple(data["guides"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Corrupt(
                "LD312", f"a layout cannot be read: {error}", "ladle verify --repair"
            ) from error


def layout_of(packs: set[StoredPack], guides: frozenset[str] = frozenset()) -> Layout:
    return Layout(tuple(sorted(packs, key=lambda p: p.digest)), tuple(sorted(guides)))
