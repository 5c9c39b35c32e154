"""What an experiment was made from, compared with the files as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ladle.actions.snapshot_data import snapshot_data
from ladle.errors import LadleError, NotFound
from ladle.experiments.manifest import DataInput, Manifest
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind, Tree, TreeChange, TreeReader, changed

if TYPE_CHECKING:  # `ladle diff MODEL` is quick because of what it does not load
    from ladle.ports import FileIndex, Progress


@dataclass(frozen=True, slots=True)
class ComparedData:
    """``now`` is None where nothing is left of it. ``changes`` names the files that differ; None
    where it is no folder on both sides, or the recorded one is out of reach.
    """

    recorded: DataInput
    now: Snapshot | None
    changes: tuple[TreeChange, ...] | None

    @property
    def is_same(self) -> bool:
        return self.now is not None and self.now.digest == self.recorded.digest


def compare_working_tree(
    manifest: Manifest, root: Path, index: FileIndex, stored: TreeReader, progress: Progress
) -> tuple[ComparedData, ...]:
    """Data, then outputs. ``stored`` is asked only for folders that differ."""
    named = (*manifest.data, *manifest.outputs)
    return tuple(_compare(data, root / data.name, index, stored, progress) for data in named)


def _compare(
    data: DataInput, path: Path, index: FileIndex, stored: TreeReader, progress: Progress
) -> ComparedData:
    try:
        now = snapshot_data(path, index, progress)
    except NotFound as error:
        if error.code != "LD305":
            raise
        return ComparedData(data, None, None)
    if now.digest == data.digest:
        return ComparedData(data, now, ())
    if not data.kind == now.kind == Kind.FOLDER:
        return ComparedData(data, now, None)
    try:
        changes = tuple(changed(data.digest, now.digest, _Both(now, stored)))
    except LadleError:  # no store in reach: that it changed is known all the same
        return ComparedData(data, now, None)
    return ComparedData(data, now, changes)


class _Both(TreeReader):
    """Folders that are still as they were recorded need not be fetched."""

    def __init__(self, now: Snapshot, stored: TreeReader) -> None:
        super().__init__(now.trees)
        self._stored = stored

    def read(self, digest: str) -> Tree:
        return self._known[digest] if digest in self._known else self._stored.read(digest)
