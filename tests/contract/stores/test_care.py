"""Check, repair, collect and erase on every adapter: what is not the same on S3 as in a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ladle import digest as digests
from ladle.actions.collect_garbage import collect, undo_collection
from ladle.actions.erase_data import erase, find_targets
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.repair_store import Machine, repair_store
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.disk.silent import SILENT
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.experiments.manifest import RecordedExperiment
from ladle.ports import Health, ObjectStore, ReleaseLedger, Workspace
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import NewRecord, RecordKind
from ladle.releases.state import ReleaseState
from ladle.testing.laboratory import Laboratory, SetClock

CONTENT = b"label,pixel\n3,0.5\n" * 400
DIGEST = digests.of_bytes(CONTENT)
FAR = 4_000_000_000.0  # every object is old by this clock
Damage = Callable[[Digest, bytes], None]


@pytest.fixture
def lab(workspace: Workspace, tmp_path: Path) -> Laboratory:
    machine = Laboratory(workspace, tmp_path / "machine", SetClock(FAR))
    machine.write({"data/train.csv": CONTENT, "data/names.csv": b"Grace Hopper\n"})
    return machine


def objects_of(workspace: Workspace, recorded: RecordedExperiment) -> list[Digest]:
    layout = layout_of_experiment(recorded, workspace.objects)
    names = [*recorded.manifest.objects, str(recorded.layout), *(p.digest for p in layout.packs)]
    return [Digest.parse(name) for name in names]


def test_an_object_is_right_altered_or_missing(
    objects: ObjectStore, overwrite: Damage, delete: Callable[[Digest], None]
) -> None:
    assert objects.check(DIGEST) is Health.MISSING
    locator = objects.put_if_absent(DIGEST, CONTENT)
    assert objects.check(DIGEST, locator) is objects.check(DIGEST, deep=True) is Health.RIGHT
    overwrite(DIGEST, CONTENT[:-1] + b"X")
    assert objects.check(DIGEST) is Health.ALTERED
    delete(DIGEST)
    assert objects.check(DIGEST, locator) is Health.MISSING


def test_what_was_removed_is_out_of_sight_until_it_is_restored(objects: ObjectStore) -> None:
    objects.put_if_absent(DIGEST, CONTENT)
    objects.remove(DIGEST)
    objects.remove(DIGEST)
    assert objects.check(DIGEST) is Health.MISSING
    assert list(objects.stored()) == []
    assert objects.restore(DIGEST)
    assert objects.check(DIGEST, deep=True) is Health.RIGHT


def test_an_overwritten_object_is_restored_from_its_older_version(
    objects: ObjectStore, overwrite: Damage, needs: Callable[[str], None]
) -> None:
    needs("keeps old versions of an object")
    objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, b"other bytes")
    objects.remove(DIGEST)
    assert objects.restore(DIGEST)
    assert objects.check(DIGEST, deep=True) is Health.RIGHT


def test_what_was_erased_is_in_no_version(objects: ObjectStore, overwrite: Damage) -> None:
    locator = objects.put_if_absent(DIGEST, CONTENT)
    overwrite(DIGEST, b"other bytes")
    objects.remove(DIGEST)
    objects.erase(DIGEST)
    assert not objects.restore(DIGEST)
    assert objects.check(DIGEST, locator) is Health.MISSING


def test_each_deleted_object_is_named_and_brought_back(
    lab: Laboratory, workspace: Workspace, delete: Callable[[Digest], None]
) -> None:
    lab.write({"model.onnx": b"one"})
    recorded = lab.record("fraud", "data", weights=b"one")
    machine = Machine(lab.root, lab.root / "packages", lab.files, lab.packs, SILENT)
    assert verify_store(workspace, threads=1).is_whole
    for digest in objects_of(workspace, recorded):
        delete(digest)
        report = verify_store(workspace, threads=1)
        assert str(digest) in [p.subject for p in report.problems]
        repair_store(workspace, report, machine, threads=1)
        assert verify_store(workspace, deep=True, threads=1).problems == ()


def test_each_overwritten_object_is_named_and_brought_back(
    lab: Laboratory, workspace: Workspace, overwrite: Damage
) -> None:
    lab.write({"model.onnx": b"one"})
    recorded = lab.record("fraud", "data", weights=b"one")
    machine = Machine(lab.root, lab.root / "packages", lab.files, lab.packs, SILENT)
    for digest in objects_of(workspace, recorded):
        overwrite(digest, b"other bytes")
        report = verify_store(workspace, threads=1)
        assert str(digest) in [p.subject for p in report.problems]
        repair_store(workspace, report, machine, threads=1)
        assert verify_store(workspace, deep=True, threads=1).problems == ()


def test_garbage_goes_and_comes_back(lab: Laboratory, workspace: Workspace) -> None:
    lab.record("fraud", "data/names.csv")
    kept = {o.digest for o in workspace.objects.stored()}
    lab.push("fraud", "data/train.csv", weights=b"never committed")
    pushed = {o.digest for o in workspace.objects.stored()} - kept
    policy = CollectPolicy(grace_s=DAY_S)
    collect(workspace, policy, lab.clock, "Ada", threads=1)
    assert not pushed & {o.digest for o in workspace.objects.stored()}
    assert verify_store(workspace, deep=True, threads=1).is_whole
    undo_collection(workspace, policy, lab.clock.now())
    assert pushed <= {o.digest for o in workspace.objects.stored()}


def test_what_was_collected_can_be_pushed_again(lab: Laboratory, workspace: Workspace) -> None:
    lab.push("fraud", "data", weights=b"one")
    collect(workspace, CollectPolicy(grace_s=DAY_S), lab.clock, "Ada", threads=1)
    lab.record("fraud", "data", weights=b"one")
    assert verify_store(workspace, deep=True, threads=1).is_whole


def test_erased_data_leaves_the_rest_whole(lab: Laboratory, workspace: Workspace) -> None:
    recorded = lab.record("fraud", "data", weights=b"one")
    before = [p.digest for p in layout_of_experiment(recorded, workspace.objects).packs]
    targets = find_targets(workspace, "data/names.csv", threads=1)
    done = erase(workspace, targets, "asked", "Ada", lab.clock, threads=1)
    assert set(done.packs) <= set(before)
    report = verify_store(workspace, deep=True, threads=1)
    assert (report.problems, len(report.gone)) == ((), 1)
    for pack in done.packs:
        assert not workspace.objects.restore(Digest.parse(pack))


def test_a_column_profile_goes_with_the_rows_that_it_tells_of(
    lab: Laboratory, workspace: Workspace
) -> None:
    profile = digests.of_bytes(b"names: Grace Hopper")
    draft = lab.push("fraud", "data")
    (data,) = draft.manifest.data
    manifest = replace(draft.manifest, data=(replace(data, profile=str(profile)),))
    kept = workspace.objects.put_if_absent(profile, b"names: Grace Hopper")
    locators = {**draft.locators, str(profile): kept}
    lab.commit(replace(draft, manifest=manifest, locators=locators), session=None)
    targets = find_targets(workspace, "data/names.csv", threads=1)
    erase(workspace, targets, "asked", "Ada", lab.clock, threads=1)
    assert workspace.objects.check(profile) is Health.MISSING
    report = verify_store(workspace, deep=True, threads=1)
    assert (report.problems, len(report.gone)) == ((), 2)


class WithoutItsFirstRow:
    """A deploy log from which somebody took a row."""

    def __init__(self, ledger: ReleaseLedger) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def deployments(self, model: str) -> Sequence[Deployment]:
        return self._ledger.deployments(model)[1:]


def test_a_row_that_is_gone_from_the_deploy_log_is_named(
    lab: Laboratory, workspace: Workspace
) -> None:
    lab.record("fraud", "data")
    state = ReleaseState("fraud")
    for number in (1, 2):
        alias = {"version": str(number), "weights": {str(number): 1.0}}
        outcome = NewRecord(RecordKind.OUTCOME, number, "moved", {"alias": alias})
        state = workspace.ledger.save(state, [outcome], at=float(number))
    assert verify_store(workspace, threads=1).is_whole
    cut = replace(workspace, ledger=WithoutItsFirstRow(workspace.ledger))
    (problem,) = verify_store(cut, threads=1).problems
    assert "row 1 of the deploy log is gone" in problem.text


def test_an_altered_manifest_is_named_in_its_chain(
    lab: Laboratory, workspace: Workspace, edit_manifest: Callable[[str, str, str], None]
) -> None:
    recorded = lab.record("fraud", "data")
    edit_manifest(recorded.manifest.id, "Ada", "Eve")
    (problem,) = verify_store(workspace, threads=1).problems
    assert "altered" in problem.text
