"""A pull killed at each I/O boundary: ``python -m ladle.testing.crash_pull FOLDER``.

After each death every file below the target is as it was before or as it was recorded, nothing in
between, what is not of the experiment is untouched, and the same pull again finishes. Prints one JSON
object: how many points, and what was found wrong at which.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ladle.actions.pull_data import pull_data
from ladle.actions.push_data import push_data
from ladle.actions.read_data import DataReader
from ladle.actions.snapshot_data import snapshot_data
from ladle.digest import Digest
from ladle.disk.memory_index import MemoryFileIndex, MemoryPackCatalogue
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import DataInput
from ladle.testing.crashes import Fuse, parser, played

URL = "dir:store"
ENDLESS = 1 << 62
MINE = "notes of my own"


def main(arguments: Sequence[str]) -> int:
    options = parser(__doc__).parse_args(arguments)
    return played(PullStory(options.folder.resolve()), options.first, options.step)


class PullStory:
    """A folder where one file is right already, one is in the way, and one is nobody's business."""

    def __init__(self, root: Path) -> None:
        self._ready, self._world = root / "ready", root / "world"
        data = root / "data"
        _write_data(data)
        found = snapshot_data(data, MemoryFileIndex(), SILENT)
        self._wanted = DataInput(
            "data", found.digest, found.bytes, kind=found.kind, files=found.files
        )
        self._objects = DiskObjectStore(root / "store")
        pushed = push_data([found], self._objects, MemoryPackCatalogue(), URL, None, SILENT)
        with self._objects.open(Digest.parse(pushed.layout)) as stream:
            self._layout = Layout.decode(stream.read())
        self._recorded = dict(_leaves(data))
        (self._ready / "data" / "small").mkdir(parents=True)
        shutil.copyfile(data / "small" / "00", self._ready / "data" / "small" / "00")
        (self._ready / "data" / "small" / "01").write_bytes(b"in the way")
        (self._ready / "data" / MINE).write_bytes(b"mine")
        self._before = dict(_leaves(self._ready / "data"))
        self.begin_again()

    def begin_again(self) -> None:
        shutil.rmtree(self._world, ignore_errors=True)
        shutil.copytree(self._ready, self._world)

    def work(self, fuse: Fuse) -> None:
        fuse.watch_files(self._world)
        packs = fuse.through(SqlitePackCatalogue(self._world / ".ladle" / "index.sqlite"))
        reader = DataReader(fuse.through(self._objects), packs, URL, self._layout)
        pull_data(reader, self._wanted, self._world / "data", SILENT, replace=True)

    def wrong_after(self) -> str:
        """What does not hold after a death, and after the same pull again; empty when all does."""
        there = dict(_leaves(self._world / "data"))
        if gone := self._before.keys() - there.keys():
            return f"{sorted(gone)} are gone"
        for path, found in there.items():
            if found not in (self._before.get(path), self._recorded.get(path)):
                return f"{path} is neither what it was nor what was recorded"
        try:
            self.work(_NoFuse(ENDLESS))
        except Exception as error:  # noqa: BLE001 - whatever it was is the finding
            return f"the pull again failed: {error!r}"
        after = dict(_leaves(self._world / "data"))
        if after != {**self._recorded, MINE: self._before[MINE]}:
            return "the pull again left something else than was recorded"
        return "" if not (self._world / "data" / ".ladle").exists() else "a workshop was left"


class _NoFuse(Fuse):
    """Of this process, whose own hooks could not be taken back."""

    def watch_files(self, folder: Path) -> None:
        pass


def _leaves(folder: Path) -> Iterator[tuple[str, tuple[str, bytes, bool]]]:
    """Files, links and folders: kind, content, executable. What a pull keeps for itself is none."""
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".ladle"]
        for name in (*files, *folders):
            at = Path(path) / name
            if at.is_symlink():
                yield str(at.relative_to(folder)), ("link", os.fsencode(os.readlink(at)), False)
            elif at.is_file():
                executable = os.access(at, os.X_OK)
                yield str(at.relative_to(folder)), ("file", at.read_bytes(), executable)
            else:
                yield str(at.relative_to(folder)), ("folder", b"", False)


def _write_data(folder: Path) -> None:
    random_ = random.Random(7)
    (folder / "small" / "deep").mkdir(parents=True)
    for number in range(12):
        (folder / "small" / f"{number:02}").write_bytes(random_.randbytes(3000))
    (folder / "small" / "02").chmod(0o755)
    (folder / "small" / "deep" / "same as 03").write_bytes((folder / "small" / "03").read_bytes())
    (folder / "empty").mkdir()
    os.symlink("small/00", folder / "link")
    (folder / "large").write_bytes(random_.randbytes(700_000))
    (folder / "large too").write_bytes((folder / "large").read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
