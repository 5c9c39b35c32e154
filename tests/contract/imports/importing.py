"""An import into a store that is a folder, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ladle.actions.import_experiments import Imported, Means, import_experiments
from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.actions.writing import writing
from ladle.disk.clock import SystemClock
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.index_database import IndexDatabase
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.errors import LadleError
from ladle.experiments.foreign import ForeignRun
from ladle.experiments.manifest import RecordedExperiment, Signature, TensorSpec
from ladle.experiments.tree import Kind
from ladle.ports import ModelFacts, ModelInspector
from ladle.project.dvc_repository import CodeState

FIXTURES = Path(__file__).parent / "fixtures"
ADA = CodeState("c" * 40, False, "Ada")


class Trusting:
    """An inspector that takes every file for a model; the jail has its own suite."""

    def inspect(self, path: Path) -> ModelFacts:
        return ModelFacts("onnx", Signature((TensorSpec("x", "float", (None, 2)),), ()), 17)

    def optimise(self, path: Path) -> None:
        """Nothing is made of it."""


class Refusing:
    def inspect(self, path: Path) -> ModelFacts:
        raise LadleError("LD324", "it may never end", "export it again")

    def optimise(self, path: Path) -> None:
        """It is never asked."""


@dataclass
class Store:
    """A workspace in ``folder``, and the index of the machine that imports."""

    folder: Path
    inspector: ModelInspector

    def __post_init__(self) -> None:
        self.workspace = disk_workspace(self.folder / "store", "dir:store")
        database = IndexDatabase(self.folder / "index.sqlite")
        self._packs = SqlitePackCatalogue(database)
        self._files = SqliteFileIndex(database)

    def take(self, runs: Sequence[ForeignRun]) -> Imported:
        clock = SystemClock()
        means = Means(self._files, self._packs, self.inspector, clock, SILENT)
        with writing(self.workspace, clock, "import-1") as session:
            return import_experiments(runs, self.workspace, means, session)

    def files(self, recorded: RecordedExperiment, name: str) -> dict[str, bytes]:
        """What the store holds under a data's or output's name, read back from its packs."""
        data = next(
            f for f in (*recorded.manifest.data, *recorded.manifest.outputs) if f.name == name
        )
        layout = layout_of_experiment(recorded, self.workspace.objects)
        reader = DataReader(self.workspace.objects, self._packs, "dir:store", layout)
        if data.kind == "file":
            return {"": reader.read(data.digest)}
        return dict(_below(reader, data.digest, ""))


def _below(reader: DataReader, digest: str, path: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in reader.tree(digest):
        if entry.kind is Kind.FOLDER:
            found += _below(reader, entry.digest, f"{path}{entry.name}/")
        else:
            found.append((path + entry.name, reader.read(entry.digest)))
    return found


def cached(root: Path, md5: str) -> Path:
    return root / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def objects(root: Path) -> list[Path]:
    return [path for path in (root / ".dvc" / "cache").rglob("*") if path.is_file()]


def codes(refusal: pytest.ExceptionInfo[LadleError]) -> list[str]:
    return [finding.code for finding in refusal.value.findings]
