"""Data goes to every store and comes back; the stages themselves are held by tests/unit/transfer."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from ladle.actions.pull_data import pull_data
from ladle.actions.push_data import push_data
from ladle.actions.read_data import DataReader
from ladle.actions.snapshot_data import snapshot_data
from ladle.digest import Digest
from ladle.disk.memory_index import MemoryFileIndex, MemoryPackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import DataInput
from ladle.ports import ObjectStore


def test_a_folder_comes_back_from_every_store_as_it_was(
    objects: ObjectStore, tmp_path: Path, needs: Callable[[str], None]
) -> None:
    needs("serves several threads in one process")
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    (data / "large").write_bytes(random.Random(1).randbytes(2 << 20))
    (data / "deep" / "run").write_bytes(b"#!/bin/sh\n")
    (data / "deep" / "run").chmod(0o755)
    os.symlink("large", data / "link")
    found = snapshot_data(data, MemoryFileIndex(), SILENT)
    pushed = push_data([found], objects, MemoryPackCatalogue(), "store", None, SILENT)
    with objects.open(Digest.parse(pushed.layout), pushed.locator) as stream:
        layout = Layout.decode(stream.read())
    reader = DataReader(objects, MemoryPackCatalogue(), "store", layout)
    wanted = DataInput("data", found.digest, found.bytes, kind=found.kind, files=found.files)
    pull_data(reader, wanted, tmp_path / "back", SILENT)
    assert snapshot_data(tmp_path / "back", MemoryFileIndex(), SILENT).digest == found.digest
    again = push_data([found], objects, MemoryPackCatalogue(), "store", layout, SILENT)
    assert (again.layout, again.packs_sent) == (pushed.layout, 0)
