"""A run recorded and sent, killed at each I/O boundary: ``python -m ladle.testing.crash_record FOLDER``.

After each death the experiment that was acknowledged before is whole, and so is whatever else the
store has; what the outbox holds is sent by the next push, once; the same run again is recorded. Prints
one JSON object: how many points, and what was found wrong at which.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from ladle.actions.gather_experiment import Means, Ran, Run
from ladle.actions.send_draft import Sender
from ladle.actions.writing import needed_objects
from ladle.digest import Digest
from ladle.disk.clock import SystemClock
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.outbox import DiskOutbox
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.experiments.manifest import Environment, RecordedExperiment, Signature
from ladle.ports import Commit, Health, ModelFacts, Workspace
from ladle.testing.crashes import Fuse, parser, played
from ladle.tools.tables import profiled

MODEL, URL = "crashed", "dir:store"
STARTED_AT = "2026-01-01T00:00:00.000Z"
PATCH = b"diff --git a/train.py b/train.py\n"


def main(arguments: Sequence[str]) -> int:
    asked = parser(__doc__)
    options = asked.parse_args(arguments)
    return played(RecordStory(options.folder.resolve()), options.first, options.step)


class NoRepository:
    """Code that was never committed, with a patch."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        return Commit(None, dirty=True, patch=PATCH)

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        return None


class AnyModel:
    """Takes every file for a model."""

    def inspect(self, path: Path) -> ModelFacts:
        return ModelFacts("onnx", Signature((), ()))

    def optimise(self, path: Path) -> None:
        """Nothing is made of it."""


class RecordStory:
    """A store with one acknowledged experiment, and a repository in which a second one is recorded."""

    def __init__(self, root: Path) -> None:
        self._root, self._ready, self._world = root, root / "ready", root / "world"
        data = self._ready / "repository" / "data"
        data.mkdir(parents=True)
        (data / "train.csv").write_text("pixel,label\n0,3\n1,5\n")
        (data / "model.onnx").write_bytes(b"weights")
        _record(self._ready, seed=1)
        (self._acknowledged,) = _workspace(self._ready).manifests.log(MODEL)
        self.begin_again()

    def begin_again(self) -> None:
        shutil.rmtree(self._world, ignore_errors=True)
        shutil.copytree(self._ready, self._world)

    def work(self, fuse: Fuse) -> None:
        fuse.watch_files(self._root)
        _record(self._world, seed=2)

    def wrong_after(self) -> str:
        """What does not hold after a death, a push and the same run again; empty when all does."""
        if found := self._wrong_in_store():
            return found
        outbox = DiskOutbox(self._world / "repository")
        recorded = len(_workspace(self._world).manifests.log(MODEL))
        waited = len(outbox.waiting())
        try:
            outbox.sweep()
            sent = list(_sender(self._world).send_all(outbox.waiting()))
            _record(self._world, seed=3)
        except Exception as error:  # noqa: BLE001 - whatever it was is the finding
            return f"the push or the run again failed: {error!r}"
        if failed := [s.error for s in sent if s.error]:
            return f"the push failed: {failed[0]}"
        if list(outbox.folder.glob("[!.]*")):
            return "the outbox is not empty after a push and another run"
        seeds = [e.manifest.params["seed"] for e in _workspace(self._world).manifests.log(MODEL)]
        if seeds not in ([3, 2, 1], [3, 1]) or (recorded + waited > 1 and 2 not in seeds):
            return f"recorded {seeds}, where {recorded} were and {waited} waited"
        return self._wrong_in_store()

    def _wrong_in_store(self) -> str:
        workspace = _workspace(self._world)
        log = workspace.manifests.log(MODEL)
        if self._acknowledged not in log:
            return "the acknowledged experiment is gone or altered"
        broken = [e.sequence for e in log if not _is_whole(workspace, e)]
        return f"experiments {broken} have objects that are missing or wrong" if broken else ""


def _is_whole(workspace: Workspace, recorded: RecordedExperiment) -> bool:
    return all(
        workspace.objects.check(Digest.parse(name), locator, deep=True) is Health.RIGHT
        for name, locator in needed_objects(recorded, workspace.objects)
    )


def _record(world: Path, seed: int) -> None:
    """What ``ladle.record`` does in the repository of ``world``."""
    root = world / "repository"
    outbox = DiskOutbox(root)
    with outbox.new_run(MODEL, STARTED_AT) as folder:
        index = root / ".ladle" / "index.sqlite"
        means = Means(
            objects=DiskObjectStore(folder),
            source=NoRepository(),
            inspector=AnyModel(),
            files=SqliteFileIndex(index),
            profiled=profiled,
            full_id=lambda text: text,
            progress=SILENT,
        )
        run = Run(MODEL, root, means)
        run.data(root / "data")
        run.params(seed=seed)
        run.metrics(step=1, accuracy=0.5)
        run.model(root / "data" / "model.onnx")
        (root / f"told-{seed}.csv").write_text("row,label\n1,3\n")
        run.output(root / f"told-{seed}.csv")
        ran = Ran("succeeded", "a person", ["train"], root, b"trained\n", STARTED_AT, 0)
        environment = Environment("3.11", "linux", f"sha256:{0:064}")
        draft = run.draft(folder.name, URL, ran, environment)
        outbox.save(draft)
        _sender(world).send(draft)


def _sender(world: Path) -> Sender:
    root = world / "repository"
    index = root / ".ladle" / "index.sqlite"
    files, packs = SqliteFileIndex(index), SqlitePackCatalogue(index)
    return Sender(_workspace(world), DiskOutbox(root), files, packs, SystemClock(), SILENT)


def _workspace(world: Path) -> Workspace:
    return disk_workspace(world / "store", URL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
