"""Which models' prediction ids can say what was predicted; decided by the config alone, so at build."""

from __future__ import annotations

from typing import Final

SEALED_TYPES: Final = frozenset({"classification", "regression"})  # of models


def sealable(model_type: str, window_s: float) -> bool:
    """A class or a number fits into four bytes, a window of whole seconds into four more."""
    return model_type in SEALED_TYPES and float(window_s).is_integer()
