"""May touch: the file system below tmp_path, Git, and processes that Ladle starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.contract.tools.shop import Shop, committed_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return committed_shop(tmp_path / "shop")
