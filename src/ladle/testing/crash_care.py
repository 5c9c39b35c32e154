"""A collection or an erasure, killed at each I/O boundary: ``python -m ladle.testing.crash_care FOLDER``.

After each death every acknowledged experiment is whole and its chain is as it was, a commit goes
through, and the same command again finishes: what was to be erased is in no file of the store, what
was collected comes back by undo. Prints one JSON object: how many points, and what was wrong at which.
"""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ladle.actions.collect_garbage import collect, undo_collection
from ladle.actions.erase_data import erase, find_targets
from ladle.actions.verify_store import verify_store
from ladle.disk.workspace import disk_workspace
from ladle.errors import NotFound
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.ports import Workspace
from ladle.testing.crashes import Fuse, parser, played
from ladle.testing.laboratory import Laboratory, SetClock

BEGAN = 4_000_000_000.0  # by this clock every object is old
SECRET = b"Grace Hopper, born 1906"
POLICY = CollectPolicy(experiments_s=5 * DAY_S)
URL = "dir:store"


class CareStory:
    """A store with an experiment to let go, one that is kept and half a push that nobody needs."""

    def __init__(self, root: Path, command: str) -> None:
        self._root = root
        self._ready, self._world = root / "ready", root / "world"
        self._commands: dict[str, Callable[[Workspace, float], None]] = {
            "collect": _collect,
            "erase": _erase,
        }
        self._command = command
        lab = self._laboratory(self._ready, BEGAN)
        random_ = random.Random(5)
        lab.write({"data/large": random_.randbytes(200_000), "data/small": b"label\n3\n"})
        lab.write({"data/people": SECRET + random_.randbytes(100_000)})
        lab.record("fraud", "data", weights=b"old")
        lab.clock.sleep(10 * DAY_S)
        lab.record("fraud", "data/small", "data/people", weights=b"new")
        lab.write({"data/more": random_.randbytes(50_000)})
        lab.push("digits", "data/more", weights=b"never committed")
        self._chain = lab.workspace.manifests.chain("fraud")
        self._objects = {o.digest for o in lab.workspace.objects.stored()}
        self.begin_again()

    def begin_again(self) -> None:
        shutil.rmtree(self._world, ignore_errors=True)
        shutil.copytree(self._ready, self._world)

    def work(self, fuse: Fuse) -> None:
        fuse.watch_files(self._root)
        workspace = self._workspace(self._world)
        fused = replace(
            workspace,
            objects=fuse.through(workspace.objects),
            manifests=fuse.through(workspace.manifests),
            upkeep=fuse.through(workspace.upkeep),
        )
        self._commands[self._command](fused, BEGAN + 10 * DAY_S)

    def wrong_after(self) -> str:
        """What does not hold after a death, and after the same command again; empty when all does."""
        workspace = self._workspace(self._world)
        if wrong := self._wrong(workspace):
            return f"after the death: {wrong}"
        late = BEGAN + 10 * DAY_S + 3600
        self._laboratory(self._world, late).record("late", "data/small", weights=b"late")
        try:
            self._commands[self._command](workspace, late)
        except Exception as error:  # noqa: BLE001 - whatever it was is the finding
            return f"the same command again failed: {error!r}"
        if wrong := self._wrong(workspace) or self._unfinished(workspace, late):
            return f"after the same command again: {wrong}"
        return ""

    def _wrong(self, workspace: Workspace) -> str:
        chain = workspace.manifests.chain("fraud")
        if [link.id for link in chain.links] != [link.id for link in self._chain.links]:
            return "the chain is another"
        problems = verify_store(workspace, deep=True, threads=1).problems
        return "; ".join(p.text for p in problems)

    def _unfinished(self, workspace: Workspace, now: float) -> str:
        if self._command == "erase":
            files = [p for p in (self._world / "store").rglob("*") if p.is_file()]
            holding = [p.name for p in files if SECRET in p.read_bytes()]
            return f"erased data is still in {holding}" if holding else ""
        try:
            while True:
                undo_collection(workspace, POLICY, now)
        except NotFound:
            missing = self._objects - {o.digest for o in workspace.objects.stored()}
            gone = verify_store(workspace, deep=True, threads=1).gone
        return f"undo left {len(missing)} objects and {len(gone)} tombstones" * bool(
            missing or gone
        )

    def _laboratory(self, home: Path, now: float) -> Laboratory:
        return Laboratory(self._workspace(home), home, SetClock(now))

    @staticmethod
    def _workspace(home: Path) -> Workspace:
        return disk_workspace(home / "store", URL)


def _collect(workspace: Workspace, now: float) -> None:
    collect(workspace, POLICY, SetClock(now), "Ada", threads=1)


def _erase(workspace: Workspace, now: float) -> None:
    targets = find_targets(workspace, "data/people", threads=1)
    erase(workspace, targets, "asked", "Ada", SetClock(now), threads=1)


def main(arguments: Sequence[str]) -> int:
    asked = parser(__doc__)
    asked.add_argument("command", choices=["collect", "erase"])
    options = asked.parse_args(arguments)
    return played(CareStory(options.folder.resolve(), options.command), options.first, options.step)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
