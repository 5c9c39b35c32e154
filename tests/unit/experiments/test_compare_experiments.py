"""Comparing goes as deep as the bytes that can still be read, and never says what is not so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.actions.compare_experiments import compare_experiments
from ladle.actions.push_data import push_data
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.read_experiment import ExperimentReader
from ladle.actions.record_experiment import keep
from ladle.actions.snapshot_data import snapshot_data
from ladle.disk.file_index import SqliteFileIndex
from ladle.disk.object_store import DiskObjectStore
from ladle.disk.pack_catalogue import SqlitePackCatalogue
from ladle.disk.silent import SILENT
from ladle.experiments import profile
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    RecordedExperiment,
)
from ladle.ports import Commit
from ladle.tools.tables import profiled as tables_in
from ladle.why.facts import ComparedExperiments

STORE = "dir:store"

OLD, NEW = b"pixel,label\n0,3\n1,5\n", b"pixel,label\n0,8\n1,5\n"
EDIT = b"diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-a\n+b\n"


class OneCommitApart:
    """A repository that knows two commits, and one edit between them."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        return Commit(None, dirty=True, patch=b"")

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        return EDIT if (before, after) == ("a" * 40, "b" * 40) else None


class Bench:
    """Experiments in a store of a folder, their data pushed as ``ladle record`` pushes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = DiskObjectStore(folder)
        self.files = SqliteFileIndex(folder / "index.sqlite")
        self.packs = SqlitePackCatalogue(folder / "index.sqlite")

    def experiment(
        self,
        data: bytes | Mapping[str, bytes],
        commit: str = "a" * 40,
        patch: bytes = b"",
        profiled: bool = False,
    ) -> RecordedExperiment:
        path = self._written(data)
        snapshot = snapshot_data(path, self.files, SILENT)
        pushed = push_data([snapshot], self.objects, self.packs, STORE, None, SILENT)
        tables = [profile.encode(tables_in(path))] if profiled else []
        kept = [keep(self.objects, c) for c in [*([patch] if patch else []), *tables]]
        locators = {str(k.digest): k.locator for k in kept}
        manifest = Manifest(
            model="digits",
            outcome="succeeded",
            created_at="2026-11-23T09:00:00Z",
            actor="Ada",
            previous=None,
            data=(
                DataInput(
                    "train.csv" if path.is_file() else "data",
                    snapshot.digest,
                    snapshot.bytes,
                    kind=str(snapshot.kind),
                    files=snapshot.files,
                    profile=str(kept[-1].digest) if tables else None,
                ),
            ),
            code=Code(commit, bool(patch), str(kept[0].digest) if patch else None, ()),
            params={},
            environment=Environment("3.11.2", "linux", snapshot.digest),
            metrics={},
            artefact=None,
        )
        where = {**locators, pushed.layout: pushed.locator}
        return RecordedExperiment(manifest, where, sequence=1, layout=pushed.layout)

    def _written(self, data: bytes | Mapping[str, bytes]) -> Path:
        path = self.folder / f"{len(list(self.folder.iterdir()))}" / "train.csv"
        path.parent.mkdir()
        if isinstance(data, bytes):
            path.write_bytes(data)
            return path
        for name, content in data.items():
            file = path.parent / "data" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return path.parent / "data"

    def pack(self, recorded: RecordedExperiment) -> Path:
        layout = layout_of_experiment(recorded, self.objects)
        return self.folder / "objects" / layout.packs[0].key

    def compare(
        self, before: RecordedExperiment, after: RecordedExperiment, largest_bytes: int = 1 << 20
    ) -> ComparedExperiments:
        reader = ExperimentReader(self.objects, self.packs, STORE)
        return compare_experiments(
            before, after, reader, OneCommitApart(), self.folder, largest_bytes
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_tables_are_compared_row_by_row(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(OLD), bench.experiment(NEW))
    assert compared.rows["train.csv"].changed == ((1, 1),)
    assert compared.code == ()


def test_data_that_was_deleted_is_still_known_to_differ(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    bench.pack(after).unlink()
    compared = bench.compare(before, after)
    assert [c.name for c in compared.difference.changes] == ["train.csv"]
    assert compared.rows == {}


def test_data_that_was_altered_is_not_compared(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    pack = bench.pack(after)
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes().replace(b"0,8", b"0,9"))
    assert bench.compare(before, after).rows == {}


def test_data_that_is_no_text_is_told_by_its_digest_alone(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(b"\0\1"), bench.experiment(b"\0\2"))
    assert len(compared.difference.changes) == 1
    assert compared.rows == {}


def test_a_large_file_is_not_fetched(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    (file,) = after.manifest.data
    large = replace(after, manifest=replace(after.manifest, data=(replace(file, bytes=1 << 40),)))
    assert bench.compare(before, large).rows == {}


def test_two_commits_are_told_by_the_files_between_them(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(OLD), bench.experiment(OLD, "b" * 40))
    assert [str(f) for f in compared.code] == ["train.py +1 −1"]


def test_commits_that_are_not_here_are_told_without_files(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(OLD), bench.experiment(OLD, "c" * 40))
    assert [c.name for c in compared.difference.changes] == ["commit"]
    assert compared.code == ()


def test_edits_that_were_not_committed_are_read_from_the_store(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(OLD), bench.experiment(OLD, patch=EDIT))
    assert [f.name for f in compared.code] == ["train.py"]


def test_a_locator_of_another_store_makes_the_answer_coarser(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    elsewhere = {d: Locator("not/here", "v1") for d in after.locators}
    assert bench.compare(before, replace(after, locators=elsewhere)).rows == {}


def test_a_folder_is_told_by_the_files_that_differ_in_it(bench: Bench) -> None:
    before = bench.experiment({"a.csv": OLD, "deep/b.csv": OLD, "gone.csv": OLD})
    after = bench.experiment({"a.csv": OLD, "deep/b.csv": NEW, "new.csv": OLD})
    compared = bench.compare(before, after)
    names = [(c.name, c.before is None, c.after is None) for c in compared.difference.changes]
    assert names == [
        ("data/deep/b.csv", False, False),
        ("data/gone.csv", False, True),
        ("data/new.csv", True, False),
    ]
    assert compared.rows["data/deep/b.csv"].changed == ((1, 1),)


def test_a_table_is_told_by_its_columns_when_no_row_is_fetched(bench: Bench) -> None:
    before, after = bench.experiment(OLD, profiled=True), bench.experiment(NEW, profiled=True)
    for recorded in (before, after):
        bench.pack(recorded).unlink()
    compared = bench.compare(before, after, largest_bytes=0)
    assert compared.rows == {}
    assert compared.tables == {
        "train.csv": ("`label`: range 3…5 → 5…8; median 3 → 5; 3 50 % → 0 %; 8 0 % → 50 %",)
    }
