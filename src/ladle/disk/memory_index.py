"""An index that lasts as long as its process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ladle.experiments.pack import PackIndex, Placed, StoredPack
from ladle.experiments.snapshot import SeenFile


class MemoryFileIndex:
    """A FileIndex whose moment is ``at_ns``: by default one at which every file is long at rest."""

    def __init__(self, at_ns: int = 1 << 62) -> None:
        self.at_ns = at_ns
        self._seen: dict[Path, SeenFile] = {}
        self._wholes: dict[Path, tuple[bytes, str]] = {}

    def now_ns(self) -> int:
        return self.at_ns

    def below(self, folder: Path) -> Mapping[str, SeenFile]:
        return {
            "" if path == folder else path.relative_to(folder).as_posix(): file
            for path, file in self._seen.items()
            if path.is_relative_to(folder)
        }

    def remember(self, folder: Path, seen: Mapping[str, SeenFile]) -> None:
        for path in self.below(folder):
            del self._seen[folder / path]
        self._seen |= {folder / path: file for path, file in seen.items()}

    def whole(self, folder: Path, state: bytes) -> str | None:
        known, digest = self._wholes.get(folder, (b"", ""))
        return digest if known == state else None

    def remember_whole(self, folder: Path, state: bytes, digest: str) -> None:
        self._wholes[folder] = state, digest


class MemoryPackCatalogue:
    """A PackCatalogue that nothing else reads."""

    def __init__(self) -> None:
        self._packs: dict[tuple[str, str], tuple[StoredPack, PackIndex]] = {}

    def find(self, store: str, digests: Sequence[str]) -> Mapping[str, Placed]:
        return {
            digest: Placed(pack, index[digest])
            for digest in digests
            for (of_store, _), (pack, index) in self._packs.items()
            if of_store == store and digest in index
        }

    def holds(self, store: str, pack: str) -> bool:
        return (store, pack) in self._packs

    def add(self, store: str, pack: StoredPack, index: PackIndex) -> None:
        self._packs[store, pack.digest] = pack, dict(index)

    def drop(self, store: str, pack: str) -> None:
        self._packs.pop((store, pack), None)
