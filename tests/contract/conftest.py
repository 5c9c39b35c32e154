"""May touch: tmp_path, moto in this process, the embedded AWS on loopback.

One suite per port, run on every adapter; known exceptions of an emulator are listed beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ladle.embedded import lifecycle


@pytest.fixture(scope="session")
def ministack_endpoint(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One emulator for all suites of the run; each suite makes tables and buckets of its own."""
    home = tmp_path_factory.mktemp("ministack")
    (home / ".venv-embedded").symlink_to(root / ".venv-embedded")
    with lifecycle.emulator(home) as endpoint:
        yield endpoint
