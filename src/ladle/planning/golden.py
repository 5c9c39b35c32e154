"""A golden request says what a model must answer; what it does not mention may be anything."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

TOLERANCE: Final = 1e-4  # relative; another machine's last digits are no difference
PATH: Final = "/predict"


@dataclass(frozen=True, slots=True)
class GoldenRequest:
    """One file of a package's ``golden`` folder."""

    name: str
    request: Any
    answer: Any
    status: int = 200
    path: str = PATH
    tolerance: float = TOLERANCE


def differences(wanted: Any, got: Any, tolerance: float = TOLERANCE, at: str = "") -> Iterator[str]:
    """Each place where the answer is another: ``predictions[0].label is 5, not 3``."""
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for key, value in wanted.items():
            place = f"{at}.{key}".lstrip(".")
            if key in got:
                yield from differences(value, got[key], tolerance, place)
            else:
                yield f"{place} is missing"
    elif isinstance(wanted, list) and isinstance(got, list):
        if len(wanted) != len(got):
            yield f"{at} has {len(got)} items, not {len(wanted)}"
        for index, (one, other) in enumerate(zip(wanted, got, strict=False)):
            yield from differences(one, other, tolerance, f"{at}[{index}]")
    elif not _is_same(wanted, got, tolerance):
        yield f"{at or 'the answer'} is {_short(got)}, not {_short(wanted)}"


def _is_same(wanted: Any, got: Any, tolerance: float) -> bool:
    if isinstance(wanted, float) and isinstance(got, int | float) and not isinstance(got, bool):
        return math.isclose(wanted, got, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    return bool(type(wanted) is type(got) and wanted == got) or (
        isinstance(wanted, int) and isinstance(got, float) and wanted == got
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
