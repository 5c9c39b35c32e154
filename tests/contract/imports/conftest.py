"""May touch: tmp_path, and Git in it. Stores of other tools are what those tools wrote, see fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.imports.importing import Store, Trusting


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "ladle", Trusting())
