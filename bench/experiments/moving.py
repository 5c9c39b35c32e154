"""One push or pull in a process of its own: ``moving.py push|pull DATA ENDPOINT [TO]``.

As ``ladle push`` and ``ladle pull`` move data, without the table that holds manifests. The name of the
last layout is kept beside the index, as the newest experiment would keep it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ladle.actions.pull_data import pull_data
from ladle.actions.push_data import push_data
from ladle.actions.read_data import DataReader
from ladle.actions.snapshot_data import snapshot_data
from ladle.aws.object_store import S3ObjectStore
from ladle.aws.session import AwsSession
from ladle.digest import Digest
from ladle.disk.memory_index import MemoryPackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import DataInput
from ladle.experiments.snapshot import Snapshot
from ladle.wiring import open_index

BUCKET = "bench"
LAYOUT = Path(".ladle/layout")


def push(data: Snapshot, objects: S3ObjectStore, endpoint: str) -> None:
    base = _layout(objects) if LAYOUT.exists() else None
    packs = open_index(Path()).packs
    LAYOUT.write_text(push_data([data], objects, packs, endpoint, base, SILENT).layout)


def pull(data: Snapshot, objects: S3ObjectStore, endpoint: str, to: Path) -> None:
    """On a machine that knows what it wants and no pack."""
    wanted = DataInput("data", data.digest, data.bytes, kind=data.kind, files=data.files)
    reader = DataReader(objects, MemoryPackCatalogue(), endpoint, _layout(objects))
    pull_data(reader, wanted, to, SILENT)


def _layout(objects: S3ObjectStore) -> Layout:
    with objects.open(Digest.parse(LAYOUT.read_text())) as stream:
        return Layout.decode(stream.read())


if __name__ == "__main__":
    what, path, endpoint, *to = sys.argv[1:]
    objects = S3ObjectStore(AwsSession("us-east-1", endpoint, embedded=True).s3, BUCKET)
    data = snapshot_data(Path(path), open_index(Path()).files, SILENT)
    if what == "push":
        push(data, objects, endpoint)
    else:
        pull(data, objects, endpoint, Path(to[0]))
