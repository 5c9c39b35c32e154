"""May touch: tmp_path, and Git in it. Stores of other tools are what those tools wrote, see fixtures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.contract.imports.importing import FIXTURES, Store, Trusting


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "ladle", Trusting())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What DVC wrote: the second state is checked out, the cache has both."""
    return Path(shutil.copytree(FIXTURES / "dvc" / "second", tmp_path / "digits"))
