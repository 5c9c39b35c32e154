"""What an experiment was made from, compared with the files as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ladle.actions.snapshot_data import is_still, snapshot_data
from ladle.errors import LadleError, NotFound
from ladle.experiments.manifest import DataInput, Manifest
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind, Tree, TreeChange, TreeReader, changed

if TYPE_CHECKING:  # `ladle diff MODEL` is quick because of what it does not load
    from ladle.ports import FileIndex, Progress


@dataclass(frozen=True, slots=True)
class ComparedData:
    """``now`` is None where it is the same, or where nothing is left of it: ``is_same`` tells.

    ``changes`` names the files that differ; None where it is no folder on both sides, or the recorded
    one is out of reach.
    """

    recorded: DataInput
    is_same: bool
    now: Snapshot | None
    changes: tuple[TreeChange, ...] | None

    @property
    def digest_now(self) -> str | None:
        if self.is_same:
            return self.recorded.digest
        return self.now.digest if self.now else None


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
        if is_still(path, data.digest, index):
            return ComparedData(data, True, None, ())
        now = snapshot_data(path, index, progress)
    except NotFound as error:
        if error.code != "LD305":
            raise
        return ComparedData(data, False, None, None)
    if now.digest == data.digest:
        return ComparedData(data, True, None, ())
    if not data.kind == now.kind == Kind.FOLDER:
        return ComparedData(data, False, now, None)
    try:
        changes = tuple(changed(data.digest, now.digest, _Both(now, stored)))
    except LadleError:  # no store in reach: that it changed is known all the same
        return ComparedData(data, False, now, None)
    return ComparedData(data, False, now, changes)


class _Both(TreeReader):
    """Folders that are still as they were recorded need not be fetched."""

    def __init__(self, now: Snapshot, stored: TreeReader) -> None:
        super().__init__(now.trees)
        self._stored = stored

    def read(self, digest: str) -> Tree:
        return self._known[digest] if digest in self._known else self._stored.read(digest)
