from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.unit.transfer.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Small files, a nested folder, an empty one, a link, a script and a file of many chunks."""
    folder = tmp_path / "data"
    random_ = random.Random(3)
    for path in ("a.csv", "deep/b.csv", "deep/er/c.csv"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(random_.randbytes(2000))
    (folder / "same.csv").write_bytes((folder / "a.csv").read_bytes())
    (folder / "nothing").touch()
    (folder / "no files").mkdir()
    (folder / "deep" / "link").symlink_to("../a.csv")
    (folder / "run.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "large.bin").write_bytes(random_.randbytes(3 << 20))
    return folder
