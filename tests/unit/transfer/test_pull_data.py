from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.transfer.machine import Machine, snapshot

from ladle import digest as digests
from ladle.actions.pull_data import pull_data
from ladle.actions.transfer.writing import workshop
from ladle.disk.silent import SILENT
from ladle.errors import Corrupt, LadleError, NotFound
from ladle.experiments import tree
from ladle.experiments.manifest import DataInput
from ladle.experiments.recipe import LARGEST_CHUNK, WHOLE_BYTES
from ladle.experiments.snapshot import Snapshot
from ladle.experiments.tree import Kind, TreeEntry, tree_of


def test_what_was_pushed_comes_back_with_its_modes_links_and_empty_folders(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    machine.pull(machine.layout(machine.push(found)), found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest
    assert os.access(tmp_path / "back" / "run.sh", os.X_OK)
    assert os.readlink(tmp_path / "back" / "deep" / "link") == "../a.csv"
    assert list((tmp_path / "back" / "no files").iterdir()) == []


def test_a_machine_that_knows_nothing_asks_for_each_pack_once_and_little_more(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    machine.forget()
    machine.pull(layout, found, tmp_path / "back")
    assert machine.requests["read"] <= len(layout.packs) + 7


def test_one_small_file_of_much_data_is_read_without_the_rest(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    layout = machine.layout(machine.push(snapshot(data)))
    wanted = snapshot(data / "a.csv")
    machine.forget()
    machine.pull(layout, wanted, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes() == (data / "a.csv").read_bytes()


def test_an_input_is_pulled_by_its_row_in_the_manifest(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    wanted = snapshot(data / "large.bin")
    layout = machine.layout(machine.push(wanted))
    row = DataInput("large.bin", wanted.digest, wanted.bytes)
    pull_data(machine.reader(layout), row, tmp_path / "new" / "large.bin", SILENT)
    assert snapshot(tmp_path / "new" / "large.bin").digest == wanted.digest


def test_what_is_there_already_is_left_alone(machine: Machine, data: Path, tmp_path: Path) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    machine.pull(layout, found, tmp_path / "back")
    before = {p: p.lstat().st_ino for p in (tmp_path / "back").rglob("*")}
    (tmp_path / "back" / "mine").touch()
    machine.pull(layout, found, tmp_path / "back")
    assert {p: p.lstat().st_ino for p in before} == before
    assert (tmp_path / "back" / "mine").exists()


def test_a_lost_executable_bit_is_put_back(machine: Machine, data: Path, tmp_path: Path) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    machine.pull(layout, found, tmp_path / "back")
    (tmp_path / "back" / "run.sh").chmod(0o644)
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_file_with_other_content_is_never_overwritten_unasked(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "a.csv").write_text("my work")
    with pytest.raises(LadleError, match="LD353"):
        machine.pull(layout, found, tmp_path / "back")
    assert [p.name for p in (tmp_path / "back").iterdir()] == ["a.csv"]
    machine.pull(layout, found, tmp_path / "back", replace=True)
    assert snapshot(tmp_path / "back").digest == found.digest


def test_nothing_is_written_through_a_link_that_lies_where_a_folder_belongs(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "deep").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LadleError, match="LD353"):
        machine.pull(layout, found, tmp_path / "back", replace=True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def made_by_hand(tmp_path: Path, *names: str) -> Snapshot:
    """A folder with entries that no file system would have."""
    content = tmp_path / "content"
    content.write_bytes(b"harm")
    digest = str(digests.of_bytes(b"harm"))
    entries = tree_of([TreeEntry(name, Kind.FILE, digest, 4) for name in names])
    name = str(digests.of_bytes(tree.encode(entries)))
    return Snapshot(
        tmp_path, Kind.FOLDER, name, 4, len(names), {name: entries}, {digest: str(content)}, {}
    )


@pytest.mark.parametrize("name", ["../out", "/out", "..", ".", "", "a/b", "a\0b", ".git", ".Ladle"])
def test_a_name_that_would_lie_elsewhere_is_refused_and_nothing_is_written(
    machine: Machine, tmp_path: Path, name: str
) -> None:
    harm = made_by_hand(tmp_path, name)
    layout = machine.layout(machine.push(harm))
    with pytest.raises(LadleError, match="LD351"):
        machine.pull(layout, harm, tmp_path / "in" / "back")
    assert not (tmp_path / "in").exists()


def test_a_name_that_is_there_twice_is_refused(machine: Machine, tmp_path: Path) -> None:
    harm = made_by_hand(tmp_path, "a", "a")
    layout = machine.layout(machine.push(harm))
    with pytest.raises(LadleError, match="LD352"):
        machine.pull(layout, harm, tmp_path / "back")


def test_names_that_differ_in_case_or_accent_only_are_two_where_the_file_system_says_so(
    machine: Machine, tmp_path: Path
) -> None:
    both = made_by_hand(tmp_path, "A", "a", "\u00e9", "e\u0301")
    layout = machine.layout(machine.push(both))
    (tmp_path / "CASE").touch()
    if (tmp_path / "case").exists():
        with pytest.raises(LadleError, match="LD352"):
            machine.pull(layout, both, tmp_path / "back")
    else:
        machine.pull(layout, both, tmp_path / "back")
        assert len(list((tmp_path / "back").iterdir())) == 4


def test_a_damaged_pack_is_found_out_and_leaves_no_half_file(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    (pack,) = (p.digest for p in layout.packs if p.digest not in layout.guides)
    path = machine.file_of(pack)
    content = bytearray(path.read_bytes())
    content[1 << 20] ^= 1
    path.write_bytes(content)
    with pytest.raises(Corrupt, match="LD312"):
        machine.pull(layout, found, tmp_path / "back")
    whole = {p.name: p.read_bytes() for p in (tmp_path / "back").rglob("*") if p.is_file()}
    assert "large.bin" not in whole
    assert not [name for name in whole if name.startswith(".ladle")]


def test_a_pull_that_failed_is_finished_by_the_same_pull(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    (pack,) = (p.digest for p in layout.packs if p.digest not in layout.guides)
    path = machine.file_of(pack)
    right = path.read_bytes()
    path.write_bytes(right[:-1000] + bytes(1000))
    machine.forget()
    with pytest.raises(LadleError):
        machine.pull(layout, found, tmp_path / "back")
    path.write_bytes(right)
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_pack_that_is_gone_is_named(machine: Machine, data: Path, tmp_path: Path) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    for pack in layout.packs:
        machine.disk.erase(digests.Digest.parse(pack.digest))
    with pytest.raises(NotFound):
        machine.pull(layout, found, tmp_path / "back")


def test_another_pack_with_the_same_content_stands_in_for_one_that_is_gone(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    first = machine.catalogue
    machine.forget()
    small = snapshot(data / "deep" / "er" / "c.csv")
    other = machine.layout(machine.push(small))
    machine.disk.erase(digests.Digest.parse(other.packs[0].digest))
    gone, index = other.packs[0], machine.catalogue.find("dir:store", [small.digest])
    first.add("dir:store", gone, {small.digest: index[small.digest].slot})
    machine.catalogue = first
    machine.pull(layout, small, tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_bytes() == (data / "deep" / "er" / "c.csv").read_bytes()


def test_a_file_of_one_chunk_comes_back_like_any_other(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for length in (WHOLE_BYTES, WHOLE_BYTES + 1, LARGEST_CHUNK, LARGEST_CHUNK + 1):
        (tmp_path / "data" / f"{length}").write_bytes(bytes(length))
    found = snapshot(tmp_path / "data")
    layout = machine.layout(machine.push(found))
    machine.forget()
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_layout_that_names_no_guides_is_read_as_well(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = replace(machine.layout(machine.push(found)), guides=())
    machine.forget()
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_what_a_killed_pull_left_is_cleared_away_by_the_next(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    left = tmp_path / "back" / ".ladle" / "pulling"
    left.mkdir(parents=True)
    (left / "new").write_bytes(b"half a file")
    machine.pull(layout, found, tmp_path / "back")
    assert not (tmp_path / "back" / ".ladle").exists()
    assert snapshot(tmp_path / "back").digest == found.digest


def test_two_pulls_never_write_to_one_folder_at_once(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    (tmp_path / "back").mkdir()
    with workshop(str(tmp_path / "back")), pytest.raises(LadleError, match="LD358"):
        machine.pull(layout, found, tmp_path / "back")
