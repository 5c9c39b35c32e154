"""What ``ladle diff MODEL`` prints: the files as they are now beside those of an experiment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ladle.actions.compare_working_tree import ComparedData, compare_working_tree
from ladle.cli.experiment_words import one_line, size
from ladle.cli.output import answer, answer_json
from ladle.errors import NotFound
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.tree import Tree, TreeChange, TreeReader
from ladle.project.repository import PACKAGES, ModelPackage, is_pinned, read_pinned
from ladle.tools.transfer_progress import TransferProgress
from ladle.wiring import LocalIndex, open_index, open_workspace

_MOST_FILES = 20


def tell_working_tree(root: Path, name: str, as_json: bool) -> None:
    """``name`` is a model, by its pinned experiment or else its newest, or an experiment's id."""
    recorded, is_pinned = _recorded(root, name)
    index = open_index(root)
    stored = _StoredTrees(root, index, recorded)
    progress = TransferProgress()
    compared = compare_working_tree(recorded.manifest, root, index.files, stored, progress)
    if as_json:
        answer_json(_as_json(recorded, compared))
        return
    answer(f"from {one_line(recorded)}{' (pinned)' if is_pinned else ''}\nto   the files here\n")
    answer("\n".join(line for data in compared for line in _lines(data)) or "it recorded no data")


def _recorded(root: Path, name: str) -> tuple[RecordedExperiment, bool]:
    package = ModelPackage(root / PACKAGES / name)
    if is_pinned(package):
        return read_pinned(package), True
    manifests = open_workspace(None, root).manifests
    newest = manifests.log(name, limit=1)
    if newest:
        return newest[0], False
    if package.folder.is_dir():
        raise NotFound(
            "LD301",
            f"no experiment of {name} is recorded yet",
            f"ladle record {name} -- python train.py",
        )
    return manifests.get(name), False


class _StoredTrees(TreeReader):
    """The recorded folders; no store is opened before one is asked for."""

    def __init__(self, root: Path, index: LocalIndex, recorded: RecordedExperiment) -> None:
        super().__init__({})
        self._root, self._index, self._recorded = root, index, recorded

    def read(self, digest: str) -> Tree:
        from ladle.actions.read_data import DataReader, layout_of_experiment

        workspace = open_workspace(None, self._root)
        layout = layout_of_experiment(self._recorded, workspace.objects)
        reader = DataReader(workspace.objects, self._index.packs, workspace.url, layout)
        return reader.tree(digest)


def _as_json(recorded: RecordedExperiment, compared: tuple[ComparedData, ...]) -> dict[str, Any]:
    return {
        "id": recorded.manifest.id,
        "same": all(data.is_same for data in compared),
        "data": [
            {
                "name": data.recorded.name,
                "same": data.is_same,
                "before": data.recorded.digest,
                "after": data.digest_now,
                "files": None if data.changes is None else [_file_json(c) for c in data.changes],
            }
            for data in compared
        ],
    }


def _file_json(change: TreeChange) -> dict[str, str | None]:
    return {
        "path": change.path,
        "before": change.before.digest if change.before else None,
        "after": change.after.digest if change.after else None,
    }


def _lines(data: ComparedData) -> Iterator[str]:
    name = data.recorded.name
    if data.is_same:
        yield f"  {name}: the same"
    elif data.now is None:
        yield f"- {name}: gone"
    else:
        yield f"~ {name}: {size(data.recorded.bytes)} → {size(data.now.bytes)}"
        changes = data.changes or ()
        yield from (f"    {_words(change)}" for change in changes[:_MOST_FILES])
        if len(changes) > _MOST_FILES:
            yield f"    and {len(changes) - _MOST_FILES:,} more files"


def _words(change: TreeChange) -> str:
    path = change.path if change.path.isprintable() else repr(change.path)
    if change.before is None:
        return f"+ {path}"
    if change.after is None:
        return f"- {path}"
    if change.before.digest != change.after.digest:
        return f"~ {path}: {size(change.before.bytes)} → {size(change.after.bytes)}"
    return f"~ {path}: {'now' if change.after.executable else 'no longer'} executable"
