from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ladle.actions.pack_contents import PackShelf
from ladle.actions.read_data import layout_of_experiment
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.experiments.integrity import Fault, Witness
from ladle.experiments.layout import layout_of
from ladle.experiments.manifest import RecordedExperiment
from ladle.experiments.pack import ContentKind
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

Damage = Callable[..., None]


def objects_of(workspace: Workspace, recorded: RecordedExperiment) -> list[str]:
    """Everything that an experiment needs, as objects."""
    layout = layout_of_experiment(recorded, workspace.objects)
    packs = [p.digest for p in layout.packs]
    return [*recorded.manifest.objects, str(recorded.layout), *packs]


def stored(tmp_path: Path, number: int) -> Path:
    path = tmp_path / "store" / "manifests" / "fraud" / f"{number:012d}.json"
    path.chmod(0o644)
    return path


def test_what_was_recorded_is_whole(lab: Laboratory, workspace: Workspace) -> None:
    first = lab.record("fraud", "data", weights=b"one")
    lab.write({"data/train.csv": b"label,pixel\n8,0.25\n"})
    second = lab.record("fraud", "data", weights=b"two")
    lab.record("digits", "data/empty")
    report = verify_store(workspace, deep=True)
    assert report.problems == ()
    assert report.experiments == 3
    assert Witness("fraud", second.manifest.id, 2) in report.heads
    assert first.manifest.id == second.manifest.previous


def test_every_object_that_is_deleted_is_named(
    lab: Laboratory, workspace: Workspace, damage: Damage
) -> None:
    recorded = lab.record("fraud", "data", weights=b"one")
    for digest in objects_of(workspace, recorded):
        with workspace.objects.open(Digest.parse(digest)) as stream:
            content = stream.read()
        damage(digest)
        report = verify_store(workspace)
        assert (Fault.MISSING, digest) in [(p.fault, p.subject) for p in report.problems]
        assert report.problems[0].needed_by == (recorded.manifest.id,)
        workspace.objects.put_if_absent(Digest.parse(digest), content)
    assert verify_store(workspace).is_whole


def test_every_object_with_a_flipped_bit_is_named(
    lab: Laboratory, workspace: Workspace, damage: Damage
) -> None:
    recorded = lab.record("fraud", "data", weights=b"one")
    for digest in objects_of(workspace, recorded):
        with workspace.objects.open(Digest.parse(digest)) as stream:
            content = stream.read()
        middle = len(content) // 2
        damage(digest, content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        report = verify_store(workspace)
        assert (Fault.ALTERED, digest) in [(p.fault, p.subject) for p in report.problems]
        workspace.objects.put_if_absent(Digest.parse(digest), content)
    assert verify_store(workspace).is_whole


def test_an_experiment_pointed_at_the_packs_of_another_is_found(
    lab: Laboratory, workspace: Workspace
) -> None:
    recorded = lab.record("fraud", "data")
    other = lab.record("digits", "data/empty")
    assert other.layout is not None
    workspace.manifests.relocate(recorded, other.locators, other.layout)
    report = verify_store(workspace)
    lost = {p.text.split(" ")[0] for p in report.problems if p.fault is Fault.MISSING}
    assert "data/" in lost


def test_a_recipe_that_leads_to_other_chunks_is_found_by_going_deep(
    lab: Laboratory, workspace: Workspace
) -> None:
    recorded = lab.record("fraud", "data/big.bin")
    other = lab.root / "other.bin"
    other.write_bytes((lab.root / "data/big.bin").read_bytes()[::-1])
    digest = recorded.manifest.data[0].digest
    forged = lab.push("fraud", "other.bin")
    swap_recipe(workspace, recorded, forged, digest)
    assert verify_store(workspace).is_whole, "lengths and indexes fit: only hashing can tell"
    problems = verify_store(workspace, deep=True).problems
    assert [(p.fault, p.subject) for p in problems] == [(Fault.ALTERED, digest)]


def swap_recipe(
    workspace: Workspace, recorded: RecordedExperiment, other: RecordedExperiment, digest: str
) -> None:
    """A pack that says of ``digest`` what is true of another file, in a layout of its own."""
    from ladle import digest as digests
    from ladle.experiments.pack import ROW_BYTES, PackWriter, StoredPack

    shelf = PackShelf(workspace.objects, 1)
    contents = shelf.contents(layout_of_experiment(other, workspace.objects))
    writer = PackWriter()
    for name, placed in contents.placed.items():
        own = digest if placed.slot.kind is ContentKind.RECIPE else name
        writer.add(own, placed.slot.kind, shelf.read(placed))
    body = writer.finish()
    where = workspace.objects.put_if_absent(digests.of_bytes(body), body)
    size = ROW_BYTES * len(writer.index)
    pack = StoredPack(str(digests.of_bytes(body)), len(body), size, where.key, None)
    layout = layout_of({pack}).encode()
    place = workspace.objects.put_if_absent(digests.of_bytes(layout), layout)
    name = str(digests.of_bytes(layout))
    workspace.manifests.relocate(recorded, {**recorded.locators, name: place}, name)


@pytest.mark.parametrize("number", [1, 2])
def test_an_altered_row_is_found(
    lab: Laboratory, workspace: Workspace, tmp_path: Path, number: int
) -> None:
    for _ in range(3):
        lab.record("fraud", "data")
    path = stored(tmp_path, number)
    path.write_text(path.read_text().replace('"Ada"', '"Eve"'))
    faults = [p.fault for p in verify_store(workspace).problems]
    assert Fault.ALTERED in faults


@pytest.mark.parametrize("number", [1, 2])
def test_a_dropped_row_is_found(
    lab: Laboratory, workspace: Workspace, tmp_path: Path, number: int
) -> None:
    for _ in range(3):
        lab.record("fraud", "data")
    stored(tmp_path, number).unlink()
    assert Fault.MISSING in [p.fault for p in verify_store(workspace).problems]


def test_swapped_rows_are_found(lab: Laboratory, workspace: Workspace, tmp_path: Path) -> None:
    for _ in range(3):
        lab.record("fraud", "data")
    first, second = stored(tmp_path, 1), stored(tmp_path, 2)
    one, two = json.loads(first.read_text()), json.loads(second.read_text())
    first.write_text(json.dumps({**two, "sequence": 1}))
    second.write_text(json.dumps({**one, "sequence": 2}))
    assert Fault.UNCHAINED in [p.fault for p in verify_store(workspace).problems]


def test_a_chain_that_was_cut_is_found_by_whoever_saw_its_end(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    for _ in range(3):
        lab.record("fraud", "data")
    seen = verify_store(workspace).heads
    stored(tmp_path, 3).unlink()
    assert verify_store(workspace).is_whole, "nobody can know who was not there"
    problems = verify_store(workspace, witnesses=seen).problems
    assert [p.fault for p in problems] == [Fault.MOVED_BACK]


def test_one_experiment_is_checked_with_its_chain_and_without_the_objects_of_others(
    lab: Laboratory, workspace: Workspace, damage: Damage
) -> None:
    first = lab.record("fraud", "data/train.csv", weights=b"one")
    second = lab.record("fraud", "data/empty", weights=b"two")
    damage(first.manifest.objects[0])
    assert verify_store(workspace, second.manifest.id).is_whole
    assert not verify_store(workspace, first.manifest.id[:8]).is_whole
