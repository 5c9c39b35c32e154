"""One push or pull in a process of its own: ``moving.py push|pull DATA ENDPOINT [TO]``.

As ``ladle push`` and ``ladle pull`` move data, without the table that holds manifests. What was pushed
and its layout are kept beside the index, as the newest experiment would keep them.
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ladle.actions.pull_data import pull_data
from ladle.actions.push_data import push_data
from ladle.actions.read_data import DataReader
from ladle.actions.snapshot_data import snapshot_data
from ladle.aws.object_store import S3ObjectStore
from ladle.aws.session import AwsSession
from ladle.cli.main import COLLECT_AFTER
from ladle.digest import Digest
from ladle.disk.memory_index import MemoryPackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import DataInput
from ladle.wiring import open_index

BUCKET = "bench"
PUSHED = Path(".ladle/pushed.json")


def push(path: Path, objects: S3ObjectStore, endpoint: str) -> None:
    index = open_index(Path())
    data = snapshot_data(path, index.files, SILENT)
    base = _layout(objects) if PUSHED.exists() else None
    layout = push_data([data], objects, index.packs, endpoint, base, SILENT).layout
    wanted = DataInput("data", data.digest, data.bytes, kind=data.kind, files=data.files)
    PUSHED.write_text(json.dumps({"layout": layout, "wanted": asdict(wanted)}))


def pull(objects: S3ObjectStore, endpoint: str, to: Path) -> None:
    """On a machine that knows what it wants and no pack."""
    wanted = DataInput(**_pushed()["wanted"])
    reader = DataReader(objects, MemoryPackCatalogue(), endpoint, _layout(objects))
    pull_data(reader, wanted, to, SILENT)


def _layout(objects: S3ObjectStore) -> Layout:
    with objects.open(Digest.parse(_pushed()["layout"])) as stream:
        return Layout.decode(stream.read())


def _pushed() -> Any:
    return json.loads(PUSHED.read_text())


if __name__ == "__main__":
    what, path, endpoint, *to = sys.argv[1:]
    gc.set_threshold(COLLECT_AFTER)
    objects = S3ObjectStore(AwsSession("us-east-1", endpoint, embedded=True).s3, BUCKET)
    if what == "push":
        push(Path(path), objects, endpoint)
    else:
        pull(objects, endpoint, Path(to[0]))
