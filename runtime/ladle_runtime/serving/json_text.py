"""JSON as answers carry it: numpy's numbers as numbers, and null for one that is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson


def to_json(value: Any) -> bytes:
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, default=_plain, option=options)


def _plain(value: Any) -> Any:
    """An array of text, or one that is no single piece of memory."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(type(value).__name__)
