"""JSON as answers carry it: numpy's numbers as numbers, and null for one that is none."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import orjson

_OPTIONS: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, _plain, _OPTIONS)


def _plain(value: Any) -> Any:
    """An array of text, or one that is no single piece of memory."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(type(value).__name__)
