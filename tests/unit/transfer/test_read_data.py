from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.unit.transfer.machine import Machine, snapshot

from ladle.errors import Corrupt, LadleError, NotFound
from ladle.experiments import pack as packs
from ladle.experiments.recipe import ROW_BYTES


@pytest.mark.parametrize("name", ["a.csv", "nothing", "large.bin"])
def test_a_content_is_read_whole_copied_and_streamed(
    machine: Machine, data: Path, name: str
) -> None:
    reader = machine.reader(machine.layout(machine.push(snapshot(data))))
    content, digest = (data / name).read_bytes(), snapshot(data / name).digest
    copied = io.BytesIO()
    reader.copy(digest, copied)
    with reader.open(digest) as stream:
        assert reader.read(digest) == copied.getvalue() == stream.read() == content


def test_a_tree_is_read_by_its_digest(machine: Machine, data: Path) -> None:
    found = snapshot(data)
    reader = machine.reader(machine.layout(machine.push(found)))
    assert reader.tree(found.digest) == found.trees[found.digest]


def test_a_content_of_another_experiment_is_not_found(machine: Machine, data: Path) -> None:
    layout = machine.layout(machine.push(snapshot(data / "a.csv")))
    machine.forget()
    with pytest.raises(NotFound, match="LD354"):
        machine.reader(layout).read(snapshot(data / "run.sh").digest)


def test_a_content_that_is_too_large_for_memory_is_refused(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "huge").write_bytes(bytes(packs.LARGEST_BYTES + 1))
    found = snapshot(tmp_path / "huge")
    reader = machine.reader(machine.layout(machine.push(found)))
    with pytest.raises(LadleError, match="LD355"):
        reader.read(found.digest)


def test_a_recipe_that_names_other_chunks_is_found_out(machine: Machine, data: Path) -> None:
    found = snapshot(data / "large.bin")
    layout = machine.layout(machine.push(found))
    (guide,) = layout.guides
    path = machine.file_of(guide)
    content = path.read_bytes()
    slot = packs.index_of(content, guide)[found.digest]
    node = content[slot.offset : slot.offset + ROW_BYTES]
    path.write_bytes(content[: slot.offset] + node[::-1] + content[slot.offset + ROW_BYTES :])
    with pytest.raises((Corrupt, NotFound)):
        machine.reader(layout).read(found.digest)
