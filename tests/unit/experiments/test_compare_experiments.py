"""Comparing goes as deep as the bytes that can still be read, and never says what is not so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ladle import names
from ladle.actions.compare_experiments import compare_experiments
from ladle.actions.record_experiment import keep
from ladle.digest import Digest
from ladle.disk.object_store import DiskObjectStore
from ladle.experiments.manifest import (
    Code,
    DataInput,
    Environment,
    Locator,
    Manifest,
    RecordedExperiment,
)
from ladle.ports import Commit
from ladle.why.facts import ComparedExperiments

OLD, NEW = b"pixel,label\n0,3\n1,5\n", b"pixel,label\n0,8\n1,5\n"
EDIT = b"diff --git a/train.py b/train.py\n--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-a\n+b\n"


class OneCommitApart:
    """A repository that knows two commits, and one edit between them."""

    def snapshot(self, folder: Path, without: Sequence[str] = ()) -> Commit:
        return Commit(None, dirty=True, patch=b"")

    def diff(self, folder: Path, before: str, after: str) -> bytes | None:
        return EDIT if (before, after) == ("a" * 40, "b" * 40) else None


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = DiskObjectStore(folder)

    def experiment(
        self, data: bytes, commit: str = "a" * 40, patch: bytes = b""
    ) -> RecordedExperiment:
        contents = [data, patch] if patch else [data]
        kept = [keep(self.objects, c) for c in contents]
        locators = {str(k.digest): k.locator for k in kept}
        manifest = Manifest(
            model="digits",
            outcome="succeeded",
            created_at="2026-11-23T09:00:00Z",
            actor="Ada",
            previous=None,
            data=(DataInput("train.csv", str(kept[0].digest), kept[0].bytes),),
            code=Code(commit, bool(patch), str(kept[1].digest) if patch else None, ()),
            params={},
            environment=Environment("3.11.2", "linux", str(kept[0].digest)),
            metrics={},
            artefact=None,
        )
        return RecordedExperiment(manifest, locators, sequence=1)

    def path(self, recorded: RecordedExperiment) -> Path:
        digest = Digest.parse(recorded.manifest.data[0].digest)
        return self.folder / "objects" / names.object_key(digest.hex)

    def compare(self, before: RecordedExperiment, after: RecordedExperiment) -> ComparedExperiments:
        return compare_experiments(before, after, self.objects, OneCommitApart(), self.folder)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_tables_are_compared_row_by_row(bench: Bench) -> None:
    compared = bench.compare(bench.experiment(OLD), bench.experiment(NEW))
    assert compared.rows["train.csv"].changed == ((1, 1),)
    assert compared.code == ()


def test_data_that_was_deleted_is_still_known_to_differ(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    bench.path(after).unlink()
    compared = bench.compare(before, after)
    assert [c.name for c in compared.difference.changes] == ["train.csv"]
    assert compared.rows == {}


def test_data_that_was_altered_is_not_compared(bench: Bench) -> None:
    before, after = bench.experiment(OLD), bench.experiment(NEW)
    bench.path(after).chmod(0o644)
    bench.path(after).write_bytes(NEW.replace(b"8", b"9"))
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
