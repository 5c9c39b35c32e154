"""A limit on the size of a file stands for a disk without room: the system refuses the same way."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.transfer.machine import Machine, snapshot

from ladle import digest as digests
from ladle.errors import LadleError


@contextlib.contextmanager
def no_room_beyond(length: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_pull_without_room_says_so_leaves_no_half_file_and_is_finished_by_the_next(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    layout = machine.layout(machine.push(found))
    with no_room_beyond(1 << 20), pytest.raises(LadleError, match="LD356"):
        machine.pull(layout, found, tmp_path / "back")
    left = [path.name for path in (tmp_path / "back").rglob("*") if path.is_file()]
    assert "large.bin" not in left
    assert not [name for name in left if name.startswith(".ladle")]
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_a_push_without_room_says_so_and_is_finished_by_the_next(
    machine: Machine, data: Path, tmp_path: Path
) -> None:
    found = snapshot(data)
    with no_room_beyond(1 << 20), pytest.raises(LadleError, match="LD356"):
        machine.push(found)
    layout = machine.layout(machine.push(found))
    machine.pull(layout, found, tmp_path / "back")
    assert snapshot(tmp_path / "back").digest == found.digest


def test_an_object_without_room_leaves_nothing(machine: Machine) -> None:
    content = bytes(2000)
    with no_room_beyond(1000), pytest.raises(LadleError, match="LD356"):
        machine.disk.put_if_absent(digests.of_bytes(content), content)
    assert list(machine.disk.stored()) == []
