"""A push with its record, killed at each I/O boundary: ``python -m ladle.testing.crash_push FOLDER``.

After each death the experiment that was acknowledged before is whole, every experiment in the store
has all its objects, and the same push again finishes, with the run recorded once. Prints one JSON
object: how many points, and what was found wrong at which.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ladle.actions.pull_data import pull_data
from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.actions.send_draft import Sender
from ladle.actions.snapshot_data import snapshot_data
from ladle.actions.writing import needed_objects
from ladle.digest import Digest
from ladle.disk.clock import SystemClock
from ladle.disk.memory_index import MemoryFileIndex, MemoryPackCatalogue
from ladle.disk.outbox import DiskOutbox
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.experiments.draft import Draft
from ladle.experiments.manifest import Code, DataInput, Environment, Manifest, RecordedExperiment
from ladle.ports import Health, Workspace
from ladle.testing.crashes import Fuse, parser, played

MODEL, URL = "crashed", "dir:store"
ENDLESS = 1 << 62


def main(arguments: Sequence[str]) -> int:
    asked = parser(__doc__)
    asked.add_argument("--large-bytes", type=int, default=18 << 20)
    options = asked.parse_args(arguments)
    return played(
        PushStory(options.folder.resolve(), options.large_bytes), options.first, options.step
    )


class PushStory:
    """A store with one acknowledged experiment, and a run that waits to be sent."""

    def __init__(self, root: Path, large_bytes: int) -> None:
        self._root = root
        self._data = root / "data"
        self._ready, self._world = root / "ready", root / "world"
        _write_data(self._data, large_bytes)
        (self._ready / "repository").mkdir(parents=True)
        self._leave_draft("first", self._data / "small")
        _send_all(self._ready, Fuse(ENDLESS))
        (self._acknowledged,) = _workspace(self._ready).manifests.log(MODEL)
        self._leave_draft("second", self._data)
        self.begin_again()

    def begin_again(self) -> None:
        shutil.rmtree(self._world, ignore_errors=True)
        shutil.copytree(self._ready, self._world)

    def work(self, fuse: Fuse) -> None:
        fuse.watch_files(self._root)
        _send_all(self._world, fuse)

    def wrong_after(self) -> str:
        """What does not hold after a death, and after the same push again; empty when all does."""
        before = _workspace(self._world).manifests.log(MODEL)
        if self._acknowledged not in before:
            return "the acknowledged experiment is gone or altered"
        if incomplete := [e.sequence for e in before if not self._is_whole(e)]:
            return f"experiments {incomplete} have objects that are missing or wrong"
        try:
            _send_all(self._world, Fuse(ENDLESS))
        except Exception as error:  # noqa: BLE001 - whatever it was is the finding
            return f"the push again failed: {error!r}"
        after = _workspace(self._world).manifests.log(MODEL)
        if len(after) != 2 or after[0].manifest.previous != self._acknowledged.manifest.id:
            return f"the push again left {len(after)} experiments"
        if not all(self._is_whole(e) for e in after):
            return "the push again left an experiment that is not whole"
        return ""

    def _is_whole(self, recorded: RecordedExperiment) -> bool:
        """Every object is there and right, and the data is what was recorded, file by file."""
        objects = _workspace(self._world).objects
        for name, locator in needed_objects(recorded, objects):
            if objects.check(Digest.parse(name), locator, deep=True) is not Health.RIGHT:
                return False
        layout = layout_of_experiment(recorded, objects)
        reader = DataReader(objects, MemoryPackCatalogue(), URL, layout)
        with tempfile.TemporaryDirectory(dir=self._root) as folder:
            for number, data in enumerate(recorded.manifest.data):
                to = Path(folder) / str(number)
                pull_data(reader, data, to, SILENT)
                if snapshot_data(to, MemoryFileIndex(), SILENT).digest != data.digest:
                    return False
        return True

    def _leave_draft(self, name: str, data: Path) -> None:
        found = snapshot_data(data, MemoryFileIndex(), SILENT)
        wanted = DataInput("data", found.digest, found.bytes, kind=found.kind, files=found.files)
        outbox = DiskOutbox(self._ready / "repository")
        with outbox.new_run(MODEL, f"2026-01-01T00:00:0{len(name)}Z") as folder:
            draft = Draft(folder.name, URL, _manifest(wanted), {"data": str(data)})
            outbox.save(draft)


def _send_all(world: Path, fuse: Fuse) -> None:
    """What ``ladle push`` does with a folder as its workspace."""
    workspace = _workspace(world)
    fused = replace(
        workspace,
        objects=fuse.through(workspace.objects),
        manifests=fuse.through(workspace.manifests),
        upkeep=fuse.through(workspace.upkeep),
    )
    repository = world / "repository"
    outbox = fuse.through(DiskOutbox(repository))
    packs = fuse.through(SqlitePackCatalogue(repository / ".ladle" / "index.sqlite"))
    sender = Sender(fused, outbox, MemoryFileIndex(), packs, SystemClock(), SILENT)
    for sent in sender.send_all(outbox.waiting()):
        if sent.error is not None:
            raise sent.error


def _workspace(world: Path) -> Workspace:
    return disk_workspace(world / "store", URL)


def _manifest(data: DataInput) -> Manifest:
    return Manifest(
        model=MODEL,
        outcome="succeeded",
        created_at="",
        actor="a person",
        previous=None,
        data=(data,),
        code=Code(None, False, None, ()),
        params={},
        environment=Environment("3.11", "linux", f"sha256:{0:064}"),
        metrics={},
        artefact=None,
    )


def _write_data(folder: Path, large_bytes: int) -> None:
    random_ = random.Random(7)
    for path in ("small/a", "small/b", "small/deep/c"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(random_.randbytes(3000))
    (folder / "empty").mkdir()
    os.symlink("small/a", folder / "link")
    (folder / "large").write_bytes(random_.randbytes(large_bytes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
