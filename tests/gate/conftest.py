"""May touch: what the story tests may. Full sizes, run by scripts/gate and never by scripts/test."""

from __future__ import annotations

import pytest
from tests.runtime.conftest import environment, log_key, model_file

__all__ = ["environment", "log_key", "model_file"]  # fixtures: the model that the runtime tests ask


def pytest_addoption(parser: pytest.Parser) -> None:
    help_ = "of a gate that can be larger or smaller than it is: scripts/gate simulation 100000"
    parser.addoption("--size", type=int, default=None, help=help_)


@pytest.fixture
def size(request: pytest.FixtureRequest) -> int | None:
    found: int | None = request.config.getoption("--size", default=None)
    return found
