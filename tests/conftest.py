"""No test reaches the internet or this machine's AWS account: loopback at most, invented credentials.

The folders say what a test may touch; each folder's conftest says it in its docstring.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
INVENTED = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
    "NO_COLOR": "1",
}

# A run finds the same examples each time; scripts/gate asks for new ones by --hypothesis-profile.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=2000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _invented_environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "LADLE_"))]:
            patch.delenv(name)
        for name, value in INVENTED.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(autouse=True)
def _network() -> None:
    """Loopback only; a folder that may touch less overrides it. The plugin lifts it after each test."""
    pytest_socket.socket_allow_hosts(LOOPBACK, allow_unix_socket=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
