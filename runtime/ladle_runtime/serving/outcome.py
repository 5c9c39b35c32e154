"""A row's prediction is an object; its outcome, what a label is compared with, stands at a key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ladle.errors import LadleError
from ladle.quality.labels import LabelValue

Path = tuple[str | int, ...]

_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>\d+)\]|\["(?P<quoted>[^"]+)"\]"""
)
_MAX_TEXT: Final = 1000  # characters of an outcome that still fit a row line


def parse_key(key: str) -> Path:
    """``$.label``, ``$.scores[0]``, ``$["a b"].c`` as steps. Raises LadleError LD422."""
    steps: list[str | int] = []
    at = 1
    while key.startswith("$") and at < len(key):
        match = _STEP.match(key, at)
        if match is None:
            break
        index = match["index"]
        steps.append(int(index) if index is not None else match["name"] or match["quoted"])
        at = match.end()
    if not steps or at != len(key):
        raise LadleError(
            "LD422",
            f"monitor.key is no path into a prediction: {key}",
            'write it as $.label, $.scores[0] or $["a name"].value',
        )
    return tuple(steps)


def outcome_of(prediction: Any, path: Path) -> LabelValue | None:
    """None where the path leads to no plain value: no label can be judged."""
    return _plain(_follow(prediction, path))


def column_outcomes(columns: Mapping[str, Any], path: Path) -> Sequence[LabelValue | None] | None:
    """``outcome_of`` for each row at once, for finite numbers and truth values. Else None."""
    name = path[0]
    column = columns.get(name) if isinstance(name, str) and len(path) == 1 else None
    if not isinstance(column, np.ndarray):
        return None
    if column.size != len(column):
        return [None] * len(column)  # several values a row
    kind = column.dtype.kind
    if column.ndim != 1 or kind not in "fiub" or (kind == "f" and not np.isfinite(column).all()):
        return None
    values: list[LabelValue | None] = column.tolist()
    return values


def _follow(value: Any, path: Path) -> Any:
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, Sequence | np.ndarray) or step >= len(value):
                return None
            value = value[step]
        elif isinstance(value, Mapping) and step in value:
            value = value[step]
        else:
            return None
    return value


def _plain(value: Any) -> LabelValue | None:
    """A number that is none is the text "NaN": wrong whatever the label, and still JSON."""
    if isinstance(value, np.ndarray):
        if value.size != 1:
            return None
        value = value.reshape(())[()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN"
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else None
    return value if isinstance(value, bool | int | float) else None
