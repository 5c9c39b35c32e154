"""May touch: memory. No network, no process, no folder but tmp_path, no clock."""

from __future__ import annotations

import pytest
import pytest_socket


@pytest.fixture(autouse=True)
def _network() -> None:
    """None at all; an event loop's own socket pair is not a network."""
    pytest_socket.disable_socket(allow_unix_socket=True)
