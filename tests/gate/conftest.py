"""May touch: what the story tests may. Full sizes, run by scripts/gate and never by scripts/test."""

from __future__ import annotations

from tests.runtime.conftest import environment, log_key, model_file

__all__ = [
    "environment",
    "log_key",
    "model_file",
]  # fixtures of the model that the runtime tests ask
