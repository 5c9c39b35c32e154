"""A machine that pushes to a store in a folder, and counts what it asks of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ladle import names
from ladle.actions.pull_data import pull_data
from ladle.actions.push_data import PushedData, push_data
from ladle.actions.read_data import DataReader
from ladle.actions.snapshot_data import snapshot_data
from ladle.digest import Digest
from ladle.disk.memory_index import MemoryFileIndex, MemoryPackCatalogue
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import TreeEntry
from ladle.ports import ObjectStore

URL = "dir:store"


class _Asked:
    """An object store that tells before each call; what it tells may raise instead."""

    def __init__(self, store: ObjectStore, tell: Callable[[str], None]) -> None:
        self._store = store
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self._tell(name)
            return getattr(self._store, name)(*arguments, **named)

        return call


class Machine:
    """``requests`` counts since the last push, reader or pull began."""

    def __init__(self, root: Path) -> None:
        self._root = root / "store"
        self.disk = DiskObjectStore(self._root)
        self.catalogue = MemoryPackCatalogue()
        self.requests = Counter[str]()
        self.before_each: Callable[[str], None] = lambda _: None
        self.objects = cast("ObjectStore", _Asked(self.disk, self._ask))

    def _ask(self, name: str) -> None:
        self.requests[name] += 1
        self.before_each(name)

    def push(self, *snapshots: Snapshot, base: Layout | None = None) -> PushedData:
        self.requests.clear()
        return push_data(snapshots, self.objects, self.catalogue, URL, base, SILENT)

    def layout(self, pushed: PushedData) -> Layout:
        with self.disk.open(Digest.parse(pushed.layout)) as stream:
            return Layout.decode(stream.read())

    def reader(self, layout: Layout) -> DataReader:
        self.requests.clear()
        return DataReader(self.objects, self.catalogue, URL, layout)

    def pull(self, layout: Layout, wanted: Snapshot, to: Path, replace: bool = False) -> None:
        entry = TreeEntry("data", wanted.kind, wanted.digest, wanted.bytes, wanted.files)
        pull_data(self.reader(layout), entry, to, SILENT, replace)

    def forget(self) -> None:
        """As if this were another machine."""
        self.catalogue = MemoryPackCatalogue()

    def file_of(self, pack: str) -> Path:
        path = self._root / "objects" / names.object_key(Digest.parse(pack).hex)
        path.chmod(0o644)
        return path


def snapshot(path: Path) -> Snapshot:
    return snapshot_data(path, MemoryFileIndex(), SILENT)
