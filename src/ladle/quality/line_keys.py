"""A model's line key follows from the master key and its name, and nothing leads back."""

from __future__ import annotations

import hashlib
import hmac


def line_key(master: bytes, model: str) -> bytes:
    """Key of the MAC at the end of a model's prediction lines."""
    return hmac.new(master, f"line:{model}".encode(), hashlib.sha256).digest()
