"""A row's prediction is an object; its outcome, what a label is compared with, stands at a key."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ladle.errors import LadleError
from ladle.quality.labels import MAX_VALUES, LabelValue, together

Path = tuple[str | int, ...]
Key = tuple[Path, ...]  # the values at all of them together are the outcome

_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][\w-]*)|\[(?P<index>\d+)\]|\["(?P<quoted>[^"]+)"\]"""
)
_MAX_TEXT: Final = 1000  # characters of an outcome that still fit a row line


def parse_key(key: str) -> Key:
    """``$.label``, ``$.scores[0]``, ``$["a b"].c``, or several one after another (``$.a$.b``).

    Raises LadleError LD422.
    """
    paths: list[list[str | int]] = []
    at = 0
    while at < len(key):
        if key[at] == "$":
            paths.append([])
            at += 1
            continue
        match = _STEP.match(key, at)
        if match is None or not paths:
            break
        index = match["index"]
        paths[-1].append(int(index) if index is not None else match["name"] or match["quoted"])
        at = match.end()
    if not paths or not all(paths) or at != len(key):
        raise LadleError(
            "LD422",
            f"monitor.key is no path into a prediction: {key}",
            'write it as $.label, $.scores[0] or $["a name"].value',
        )
    return tuple(map(tuple, paths))


def outcome_of(prediction: Any, key: Key) -> LabelValue | None:
    """None where a path leads to no plain value, nor to a short array of them: no label can be judged.
    Values of several paths, or of an array, are one outcome together.
    """
    values = [_value(_follow(prediction, path)) for path in key]
    plain = [value for value in values if value is not None]
    if len(plain) < len(values):
        return None
    return plain[0] if len(plain) == 1 else _short(together(plain))


def column_outcomes(columns: Mapping[str, Any], key: Key) -> Sequence[LabelValue | None] | None:
    """``outcome_of`` for each row at once, for finite numbers and truth values. Else None."""
    name = key[0][0] if len(key) == 1 and len(key[0]) == 1 else None
    column = columns.get(name) if isinstance(name, str) else None
    if not isinstance(column, np.ndarray):
        return None
    kind = column.dtype.kind
    if kind == "f" and column.size != len(column):
        return [None] * len(column)  # scores: no label says such a thing
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


def _value(value: Any) -> LabelValue | None:
    if isinstance(value, np.ndarray) and value.size != 1 and value.ndim == 1:
        value = value.tolist() if value.dtype.kind in "iubUO" else None
    if isinstance(value, list | tuple):
        plain = [p for each in value[: MAX_VALUES + 1] if (p := _plain(each)) is not None]
        fits = 0 < len(plain) == len(value) <= MAX_VALUES
        return _short(together(plain)) if fits else None
    return _plain(value)


def _short(text: str) -> str | None:
    return text if len(text) <= _MAX_TEXT else None


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
        return _short(value)
    return value if isinstance(value, bool | int | float) else None
