"""Rows that a store lost come back from a pin or another store, and nothing else gets in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ladle.actions.restore_rows import restore_rows
from ladle.actions.verify_store import verify_store
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

Row = Callable[[RecordedExperiment], Path]


@pytest.fixture
def three(lab: Laboratory) -> Sequence[RecordedExperiment]:
    return [lab.record("fraud", "data", weights=b"%d" % number) for number in range(3)]


@pytest.fixture
def row(tmp_path: Path) -> Row:
    def path(recorded: RecordedExperiment) -> Path:
        folder = tmp_path / "store" / "manifests" / recorded.manifest.model
        found = folder / f"{recorded.sequence:012d}.json"
        found.chmod(0o644)
        return found

    return path


@pytest.mark.parametrize("lost", [[0], [1], [2], [0, 1], [1, 2]])
def test_what_was_deleted_comes_back_into_a_whole_chain(
    workspace: Workspace, three: Sequence[RecordedExperiment], row: Row, lost: list[int]
) -> None:
    for number in lost:
        row(three[number]).unlink()
    ids = restore_rows(workspace.manifests, three)
    assert sorted(ids) == sorted(three[number].manifest.id for number in lost)
    assert verify_store(workspace, deep=True).is_whole


def test_what_was_edited_comes_back(
    workspace: Workspace, three: Sequence[RecordedExperiment], row: Row
) -> None:
    row(three[1]).write_text(row(three[1]).read_text().replace("succeeded", "failed"))
    assert not verify_store(workspace).is_whole
    assert list(restore_rows(workspace.manifests, three)) == [three[1].manifest.id]
    assert verify_store(workspace).is_whole


def test_a_chain_that_was_lost_whole_needs_somebody_who_saw_it(
    workspace: Workspace, three: Sequence[RecordedExperiment], row: Row
) -> None:
    for recorded in three:
        row(recorded).unlink()
    assert list(restore_rows(workspace.manifests, three)) == []
    seen = {three[0].manifest.id}
    assert len(list(restore_rows(workspace.manifests, three, seen))) == 3
    assert verify_store(workspace).is_whole


def test_what_stands_in_another_chain_stays_out(
    workspace: Workspace, three: Sequence[RecordedExperiment], row: Row
) -> None:
    forged = replace(three[1].manifest, actor="Eve")
    stranger = replace(three[1].manifest, previous="f" * 64)
    row(three[1]).unlink()
    before = verify_store(workspace).problems
    known = [replace(three[1], manifest=m) for m in (forged, stranger)]
    assert list(restore_rows(workspace.manifests, known)) == []
    assert verify_store(workspace).problems == before


def test_where_nothing_is_lost_nothing_is_written(
    workspace: Workspace, three: Sequence[RecordedExperiment]
) -> None:
    chain = workspace.manifests.chain("fraud")
    assert list(restore_rows(workspace.manifests, three)) == []
    assert workspace.manifests.chain("fraud") == chain
