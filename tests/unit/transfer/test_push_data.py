from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.transfer.machine import Machine, snapshot

from ladle import digest as digests
from ladle.errors import Corrupt, Unavailable
from ladle.experiments.layout import Layout


def test_a_push_sends_what_files_contain_in_one_pack_and_what_guides_to_it_in_another(
    machine: Machine, data: Path
) -> None:
    pushed = machine.push(snapshot(data))
    layout = machine.layout(pushed)
    assert machine.requests == {"put_if_absent": 3}
    assert len(layout.packs) == pushed.packs_sent == 2
    assert len(layout.guides) == 1


def test_the_same_data_again_sends_nothing_and_has_the_same_layout(
    machine: Machine, data: Path
) -> None:
    first = machine.push(snapshot(data))
    again = machine.push(snapshot(data), base=machine.layout(first))
    assert (again.layout, again.packs_sent, again.bytes_sent) == (first.layout, 0, 0)


def test_another_machine_finds_what_the_newest_experiment_stands_on(
    machine: Machine, data: Path
) -> None:
    first = machine.push(snapshot(data))
    machine.forget()
    again = machine.push(snapshot(data), base=machine.layout(first))
    assert (again.layout, again.packs_sent) == (first.layout, 0)


def test_an_edit_in_a_large_file_sends_the_chunks_around_it_and_relies_on_the_others(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    first = machine.layout(machine.push(snapshot(data)))
    with (data / "large.bin").open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"0123456789abcdef")
    edited = snapshot(data)
    pushed = machine.push(edited, base=first)
    assert pushed.bytes_sent < 600_000
    layout = machine.layout(pushed)
    assert {p.digest for p in first.packs} & {p.digest for p in layout.packs}
    machine.forget()
    machine.pull(layout, edited, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == edited.digest


def test_a_layout_holds_the_packs_of_its_own_data_only(machine: Machine, data: Path) -> None:
    base = machine.layout(machine.push(snapshot(data)))
    small = machine.layout(machine.push(snapshot(data / "deep" / "er"), base=base))
    (data / "deep" / "er" / "c.csv").write_bytes(b"other")
    other = machine.layout(machine.push(snapshot(data / "deep" / "er"), base=small))
    assert not {p.digest for p in base.packs} & {p.digest for p in other.packs}


def test_a_pack_that_is_known_but_gone_is_sent_again(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    for pack in machine.layout(machine.push(found)).packs:
        machine.disk.erase(digests.Digest.parse(pack.digest))
    layout = machine.layout(machine.push(found))
    machine.forget()
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_base_whose_packs_are_gone_only_makes_more_to_send(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    base = machine.layout(machine.push(found))
    for pack in base.packs:
        machine.disk.erase(digests.Digest.parse(pack.digest))
    machine.forget()
    layout = machine.layout(machine.push(found, base=base))
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_push_that_was_cut_short_proves_what_was_sent_and_sends_the_rest(
    machine: Machine, tmp_path: Path
) -> None:
    folder = tmp_path / "wide"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}").write_bytes(bytes([number]) * 60_000)
    (folder / "zz").write_bytes(bytes(range(256)) * 256 * 4 * 70)
    found = snapshot(folder)
    puts = 0

    def cut(name: str) -> None:
        nonlocal puts
        puts += name == "put_if_absent"
        if puts == 3:
            raise Unavailable("LD314", "the line is cut", "try again")

    machine.before_each = cut
    with pytest.raises(Unavailable, match="LD314"):
        machine.push(found)
    machine.before_each = lambda _: None
    layout = machine.layout(machine.push(found))
    assert machine.requests["locate"] >= 1
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


@pytest.mark.parametrize("name", ["deep/b.csv", "large.bin"])
def test_a_file_that_changed_since_it_was_hashed_is_refused(
    machine: Machine, data: Path, name: str
) -> None:
    found = snapshot(data)
    (data / name).write_bytes(b"x" * (data / name).stat().st_size)
    with pytest.raises(Corrupt, match="LD316"):
        machine.push(found)


def test_a_file_that_went_away_is_refused(machine: Machine, data: Path) -> None:
    found = snapshot(data)
    (data / "large.bin").unlink()
    with pytest.raises(Corrupt, match="LD316"):
        machine.push(found)


def test_nothing_to_push_has_an_empty_layout(machine: Machine) -> None:
    assert machine.layout(machine.push()) == Layout(())


def test_a_tree_of_many_entries_is_cut_like_a_large_file(machine: Machine, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"{number:04}").write_bytes(b"%d" % number)
    base = machine.layout(machine.push(snapshot(folder)))
    (folder / "0777").write_bytes(b"other")
    edited = snapshot(folder)
    pushed = machine.push(edited, base=base)
    assert pushed.bytes_sent < 300_000
    machine.pull(machine.layout(pushed), edited, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == edited.digest
