from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.unit.store.test_verify_store import objects_of

from ladle.actions.pull_data import pull_data
from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.actions.repair_store import Machine, repair_store
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.disk.silent import SILENT
from ladle.disk.workspace import disk_workspace
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

Damage = Callable[..., None]


def machine(lab: Laboratory) -> Machine:
    return Machine(lab.root, lab.root / "packages", lab.files, lab.packs, SILENT)


def test_each_object_comes_back_from_the_machine_that_has_the_data(
    lab: Laboratory, workspace: Workspace, damage: Damage
) -> None:
    lab.write({"model.onnx": b"one"})
    recorded = lab.record("fraud", "data", weights=b"one")
    for digest in objects_of(workspace, recorded):
        damage(digest)
        report = verify_store(workspace)
        assert not report.is_whole
        repair_store(workspace, report, machine(lab))
        assert verify_store(workspace, deep=True).problems == ()
        recorded = workspace.manifests.get(recorded.manifest.id)


def test_what_was_removed_comes_back_by_itself(lab: Laboratory, workspace: Workspace) -> None:
    recorded = lab.record("fraud", "data", weights=b"one")
    digest = recorded.manifest.objects[0]
    workspace.objects.remove(Digest.parse(digest))
    report = verify_store(workspace)
    repair_store(
        workspace, report, Machine(lab.root / "no", lab.root / "no", lab.files, lab.packs, SILENT)
    )
    assert verify_store(workspace).is_whole


def test_an_object_comes_back_from_another_store(
    lab: Laboratory, workspace: Workspace, damage: Damage, tmp_path: Path
) -> None:
    recorded = lab.record("fraud", "data", weights=b"one")
    twin = disk_workspace(tmp_path / "twin", "dir:twin")
    for stored in workspace.objects.stored():
        with workspace.objects.open(stored.digest) as stream:
            twin.objects.put_if_absent(stored.digest, stream.read())
    for path in (lab.root / "data").rglob("*"):
        path.unlink() if path.is_file() else None
    for digest in objects_of(workspace, recorded):
        damage(digest, b"other bytes")
    repair_store(workspace, verify_store(workspace), machine(lab), [twin.objects])
    assert verify_store(workspace, deep=True).is_whole


def test_a_file_that_changed_since_restores_nothing_wrong(
    lab: Laboratory, workspace: Workspace, damage: Damage
) -> None:
    recorded = lab.record("fraud", "data")
    lab.write({"data/train.csv": b"not what was recorded"})
    damage(layout_of_experiment(recorded, workspace.objects).packs[0].digest)
    before = verify_store(workspace).problems
    repair_store(workspace, verify_store(workspace), machine(lab))
    assert verify_store(workspace).problems == before


def test_what_was_restored_can_be_pulled(
    lab: Laboratory, workspace: Workspace, damage: Damage, tmp_path: Path
) -> None:
    recorded = lab.record("fraud", "data")
    damage(layout_of_experiment(recorded, workspace.objects).packs[0].digest)
    repair_store(workspace, verify_store(workspace), machine(lab))
    mended = workspace.manifests.get(recorded.manifest.id)
    layout = layout_of_experiment(mended, workspace.objects)
    reader = DataReader(workspace.objects, lab.packs, workspace.url, layout)
    pull_data(reader, mended.manifest.data[0], tmp_path / "pulled", SILENT)
    assert lab.snapshot("data").digest == recorded.manifest.data[0].digest
    pulled = (tmp_path / "pulled" / "people" / "names.csv").read_bytes()
    assert pulled == (lab.root / "data" / "people" / "names.csv").read_bytes()
