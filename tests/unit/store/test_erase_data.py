from __future__ import annotations

import os
from pathlib import Path

import pytest

from ladle.actions.collect_garbage import collect
from ladle.actions.erase_data import erase, find_targets, told_if_gone
from ladle.actions.pull_data import pull_data
from ladle.actions.read_data import DataReader, layout_of_experiment
from ladle.actions.verify_store import verify_store
from ladle.digest import Digest
from ladle.disk.silent import SILENT
from ladle.errors import NotFound
from ladle.experiments.garbage import DAY_S, CollectPolicy
from ladle.experiments.upkeep import Gone
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

NAME = b"Grace Hopper"


def files_with(tmp_path: Path, text: bytes) -> list[str]:
    """Everything in the store's folder that holds ``text``, whatever it is."""
    files = [p for p in (tmp_path / "store").rglob("*") if p.is_file()]
    return [str(p) for p in files if text in p.read_bytes()]


def erased(lab: Laboratory, what: str) -> None:
    targets = find_targets(lab.workspace, what)
    erase(lab.workspace, targets, "asked by the person", "Ada", lab.clock)


def test_erased_data_is_in_no_file_of_the_store_and_everything_else_is(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data", weights=b"one")
    lab.write({"data/train.csv": b"label,pixel\n8,1\n"})
    lab.record("fraud", "data", weights=b"two")
    lab.record("digits", "data/people")
    assert files_with(tmp_path, NAME)
    erased(lab, "data/people/names.csv")
    assert files_with(tmp_path, NAME) == []
    report = verify_store(workspace, deep=True)
    assert report.problems == ()
    (stone,) = report.gone
    assert (stone.kind, stone.name) == (Gone.ERASED, "data/people/names.csv")
    assert (stone.by, stone.reason) == ("Ada", "asked by the person")


def test_the_chain_stays_as_it_was(lab: Laboratory, workspace: Workspace) -> None:
    before = [lab.record("fraud", "data").manifest for _ in range(3)]
    erased(lab, "data/people")
    assert [r.manifest for r in reversed(workspace.manifests.log("fraud"))] == before


def test_every_version_that_a_path_had_is_erased(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data")
    lab.write({"data/people/names.csv": NAME + b"\nAda Lovelace\n"})
    lab.record("fraud", "data")
    assert len(find_targets(workspace, "data/people/names.csv")) == 2
    erased(lab, "data/people/")
    assert files_with(tmp_path, NAME) == []


def test_a_large_file_is_erased_with_its_chunks(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data")
    content = (lab.root / "data/big.bin").read_bytes()
    erased(lab, "data/big.bin")
    pieces = [content[i : i + 64] for i in range(0, len(content), 9_973)]
    assert [p for p in pieces if files_with(tmp_path, p)] == []
    assert verify_store(workspace, deep=True).problems == ()


def test_what_another_file_has_in_common_stays_with_it(
    lab: Laboratory, workspace: Workspace
) -> None:
    content = (lab.root / "data/big.bin").read_bytes()
    lab.write({"data/longer.bin": content + b"a little more"})
    lab.record("fraud", "data")
    targets = find_targets(workspace, "data/big.bin")
    done = erase(workspace, targets, "asked", "Ada", lab.clock)
    assert done.shared > 0
    assert verify_store(workspace, deep=True).problems == ()


def test_packs_that_nobody_names_and_packs_in_the_undo_window_are_destroyed_too(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    lab.record("fraud", "data")
    lab.push("digits", "data/people", weights=b"never committed")
    other = Laboratory(workspace, tmp_path / "other")
    other.write({"names.csv": NAME + b"\n"})
    other.push("digits", "names.csv")
    then = lab.clock.now() - 20 * DAY_S
    for path in (tmp_path / "store" / "objects").rglob("*/*"):
        os.utime(path, (then, then))
    collect(workspace, CollectPolicy(), lab.clock, "Ada")
    late = Laboratory(workspace, tmp_path / "late")
    late.write({"more.csv": NAME + b"\n", "x.csv": b"x"})
    late.push("digits", "more.csv", "x.csv")
    erased(lab, "data/people/names.csv")
    assert files_with(tmp_path, NAME) == []


def test_a_model_that_holds_personal_data_is_erased(lab: Laboratory, workspace: Workspace) -> None:
    recorded = lab.record("fraud", "data", weights=b"a model that remembers " + NAME)
    digest = recorded.manifest.objects[0]
    erased(lab, digest)
    assert workspace.objects.locate(Digest.parse(digest)) is None
    assert verify_store(workspace).problems == ()


def test_erasing_again_finishes_and_changes_nothing(lab: Laboratory, workspace: Workspace) -> None:
    lab.record("fraud", "data")
    targets = find_targets(workspace, "data/people")
    first = erase(workspace, targets, "asked", "Ada", lab.clock)
    again = erase(workspace, targets, "another reason", "Eve", lab.clock)
    assert again.packs == ()
    assert workspace.upkeep.tombstones()[targets[0].digest] == first.tombstones[0]


def test_who_asks_for_erased_data_is_told_that_and_why(
    lab: Laboratory, workspace: Workspace, tmp_path: Path
) -> None:
    recorded = lab.record("fraud", "data")
    erased(lab, "data/people/names.csv")
    layout = layout_of_experiment(workspace.manifests.get(recorded.manifest.id), workspace.objects)
    reader = DataReader(workspace.objects, lab.packs, workspace.url, layout)
    told = r"LD366.*names.csv was erased by Ada: asked by the person"
    with pytest.raises(NotFound, match=told), told_if_gone(workspace, recorded):
        pull_data(reader, recorded.manifest.data[0], tmp_path / "pulled", SILENT)


def test_what_is_lost_and_not_erased_is_told_as_lost(lab: Laboratory, workspace: Workspace) -> None:
    recorded = lab.record("fraud", "data")
    lost = NotFound("LD354", "no pack holds it", "ladle verify --repair")
    with pytest.raises(NotFound, match="LD354"), told_if_gone(workspace, recorded):
        raise lost


def test_data_that_no_experiment_has_is_not_found(lab: Laboratory, workspace: Workspace) -> None:
    lab.record("fraud", "data")
    with pytest.raises(NotFound, match="LD365"):
        find_targets(workspace, "data/nobody.csv")


def test_erased_data_can_be_recorded_again_only_as_new(
    lab: Laboratory, workspace: Workspace
) -> None:
    """The tombstone stays: a store does not forget that it promised to."""
    lab.record("fraud", "data")
    erased(lab, "data/people")
    lab.record("fraud", "data")
    assert verify_store(workspace).problems == ()
    layout = layout_of_experiment(workspace.manifests.log("fraud")[0], workspace.objects)
    assert layout.packs
