"""Durations, shares and margins are written with their unit and read into plain numbers.

``10s`` ``60m`` ``24h`` ``30d`` become seconds; ``0.5%`` and ``0.5pt`` become 0.005; ``1.2x`` 1.2.
"""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"(?:[0-9]{1,9}(?:\.[0-9]{1,6})?)"
DURATION = rf"^(?=.*[1-9]){_NUMBER}[smhd]$"
PERCENT = rf"^{_NUMBER}%$"
POINTS = rf"^{_NUMBER}pt$"
FACTOR = r"^[1-9][0-9]{0,8}(?:\.[0-9]{1,6})?x$"


def _read(text: Any, pattern: str, code: str, what: str, fix: str) -> str:
    if not isinstance(text, str) or not re.fullmatch(pattern, text):
        raise PydanticCustomError("ladle", "{what}", {"code": code, "what": what, "fix": fix})
    return text


def seconds(text: Any) -> float:
    fix = "write a number with its unit: 10s, 60m, 24h, 30d"
    text = _read(text, DURATION, "LD111", "is not a duration", fix)
    return float(text[:-1]) * _SECONDS[text[-1]]


def _percent(text: Any) -> float:
    fix = "write a share with a percent sign: 0.5%"
    return float(_read(text, PERCENT, "LD112", "is not a share", fix)[:-1]) / 100


def _points(text: Any) -> float:
    fix = "write percentage points: 0.5pt"
    return float(_read(text, POINTS, "LD112", "is not a difference of shares", fix)[:-2]) / 100


def _factor(text: Any) -> float:
    fix = "write a factor of at least 1 with an x: 1.2x"
    return float(_read(text, FACTOR, "LD112", "is not a factor", fix)[:-1])


def _texts(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


DurationS = Annotated[float, BeforeValidator(seconds), _texts(DURATION, "60m")]
Percent = Annotated[float, BeforeValidator(_percent), _texts(PERCENT, "0.5%")]
Points = Annotated[float, BeforeValidator(_points), _texts(POINTS, "0.5pt")]
Factor = Annotated[float, BeforeValidator(_factor), _texts(FACTOR, "1.2x")]


def written(seconds_: float) -> str:
    """A duration as a config would say it, to two or three figures: ``4.8h``."""
    for limit, unit in ((120.0, "s"), (7200.0, "m"), (172800.0, "h"), (math.inf, "d")):
        if seconds_ <= limit:
            return f"{float(f'{seconds_ / _SECONDS[unit]:.3g}'):,g}{unit}"
    return "for ever"
