"""May touch tmp_path: a store in a folder, and a machine that records into it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ladle import names
from ladle.digest import Digest
from ladle.disk.workspace import disk_workspace
from ladle.ports import Workspace
from ladle.testing.laboratory import Laboratory

BIG = random.Random(7).randbytes(700_000)  # several chunks
FILES = {
    "data/train.csv": b"label,pixel\n3,0.5\n",
    "data/people/names.csv": b"Grace Hopper\n",
    "data/big.bin": BIG,
    "data/empty": b"",
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return disk_workspace(tmp_path / "store", "dir:store")


@pytest.fixture
def lab(workspace: Workspace, tmp_path: Path) -> Laboratory:
    """Its working files are there, nothing is recorded yet."""
    machine = Laboratory(workspace, tmp_path / "machine")
    machine.write(FILES)
    return machine


@pytest.fixture
def damage(tmp_path: Path) -> Callable[[str, bytes | None], None]:
    """What somebody with access to the store could do: flip bytes of an object, or delete it."""

    def do(digest: str, content: bytes | None = None) -> None:
        path = tmp_path / "store" / "objects" / names.object_key(Digest.parse(digest).hex)
        path.chmod(0o644)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

    return do
