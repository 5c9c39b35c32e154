"""What a script says of its run becomes plain JSON, without credentials; what cannot is refused."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ladle.digest import canonical_json
from ladle.errors import LadleError
from ladle.experiments.secrets import masked_value


def parameter(name: str, value: Any) -> Any:
    """Anything that JSON can say; numpy scalars are taken as numbers. Raises LD304."""
    try:
        plain = masked_value(name, _plain(value))
        canonical_json(plain)
    except (TypeError, ValueError) as error:
        raise LadleError(
            "LD304",
            f"the parameter {name} is a {type(value).__name__}, which JSON cannot say",
            "record a number, a text, a list or a mapping of those",
        ) from error
    return plain


def metric(name: str, value: Any) -> float:
    """A finite number. Raises LD304."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise LadleError(
            "LD304",
            f"the metric {name} is {value!r}, not a finite number",
            "find out why the training made it, or leave it out",
        )
    return number


def tolerance(name: str, value: Any) -> float:
    """How far a metric of a rerun may lie away. Raises LD304."""
    allowed = metric(name, value)
    if allowed < 0:
        raise LadleError("LD304", f"the tolerance of {name} is {value!r}, below zero", "say ≥ 0")
    return allowed


def _plain(value: Any) -> Any:
    """numpy and torch scalars know their Python value; paths are texts."""
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    item = getattr(value, "item", None)
    return item() if callable(item) else value
