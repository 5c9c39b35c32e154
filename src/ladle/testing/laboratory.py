"""Experiments made of a few bytes in any workspace: what a test of the store begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ladle import digest as digests
from ladle.actions.push_data import push_data
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.record_experiment import record_experiment
from ladle.actions.snapshot_data import snapshot_data
from ladle.actions.writing import Writing
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.index_database import IndexDatabase
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments.layout import Layout
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Manifest,
    ModelArtefact,
    RecordedExperiment,
    Signature,
)
from ladle.experiments.snapshot import Snapshot
from ladle.ports import Clock, Workspace


@dataclass(slots=True)
class SetClock:
    """Time as a test sets it; sleeping makes it pass."""

    seconds: float = 1_795_000_000.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(slots=True)
class Laboratory:
    """One machine at work: a folder of files, an index of its own, and a workspace."""

    workspace: Workspace
    root: Path
    clock: Clock = field(default_factory=SetClock)
    files: SqliteFileIndex = field(init=False)
    packs: SqlitePackCatalogue = field(init=False)

    def __post_init__(self) -> None:
        database = IndexDatabase(self.root / ".ladle" / "index.sqlite")
        self.files, self.packs = SqliteFileIndex(database), SqlitePackCatalogue(database)

    def write(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def snapshot(self, name: str) -> Snapshot:
        return snapshot_data(self.root / name, self.files, SILENT)

    def push(self, model: str, *data: str, weights: bytes | None = None) -> RecordedExperiment:
        """Everything but the commit: what ``data`` names is in the store, no manifest is."""
        objects, snapshots = self.workspace.objects, [self.snapshot(name) for name in data]
        pushed = push_data(
            snapshots, objects, self.packs, self.workspace.url, self._base(model), SILENT
        )
        manifest = Manifest(
            model=model,
            outcome="succeeded",
            created_at="",
            actor="Ada",
            previous=None,
            data=tuple(_entry(name, s) for name, s in zip(data, snapshots, strict=True)),
            code=Code(None, dirty=True, patch=None, argv=("train.py",)),
            params={},
            environment=Environment("3.11.2", "linux", str(digests.of_bytes(b""))),
            metrics={},
            artefact=None if weights is None else _artefact(weights),
        )
        locators = {pushed.layout: pushed.locator}
        if weights is not None:
            digest = digests.of_bytes(weights)
            locators[str(digest)] = objects.put_if_absent(digest, weights)
        return RecordedExperiment(manifest, locators, sequence=0, layout=pushed.layout)

    def record(self, model: str, *data: str, weights: bytes | None = None) -> RecordedExperiment:
        session = Writing(self.workspace.upkeep, self.workspace.objects, self.clock)
        draft = self.push(model, *data, weights=weights)
        return self.commit(draft, session)

    def commit(self, draft: RecordedExperiment, session: Writing | None) -> RecordedExperiment:
        return record_experiment(self.workspace.manifests, draft, self.clock, session)

    def _base(self, model: str) -> Layout | None:
        newest = self.workspace.manifests.log(model, 1)
        return layout_of_experiment(newest[0], self.workspace.objects) if newest else None


def _entry(name: str, found: Snapshot) -> DataInput:
    return DataInput(name, found.digest, found.bytes, kind=str(found.kind), files=found.files)


def _artefact(weights: bytes) -> ModelArtefact:
    digest = str(digests.of_bytes(weights))
    return ModelArtefact("model.onnx", digest, len(weights), "onnx", Signature((), ()))
