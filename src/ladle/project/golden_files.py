"""``golden/*.json`` of a model package: ``{"request": …, "answer": …}``, one request a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from ladle.errors import LadleError
from ladle.planning.golden import GoldenRequest

_FIELDS: Final = frozenset(["request", "answer", "status", "path", "tolerance"])


def read_golden(folder: Path) -> Sequence[GoldenRequest]:
    """Of the package in this folder, by name. Raises LadleError LD437."""
    return [_read(path) for path in sorted((folder / "golden").glob("*.json"))]


def golden_inputs(folder: Path) -> Sequence[Any]:
    """What the package's golden requests send to the model, where they can be read."""
    try:
        found = [each.request for each in read_golden(folder) if each.status == HTTPStatus.OK]
    except LadleError:  # `ladle check` and `ladle test` say what is wrong with them
        return []
    return [each["inputs"] for each in found if isinstance(each, dict) and "inputs" in each]


def _read(path: Path) -> GoldenRequest:
    try:
        content: Any = json.loads(path.read_bytes())
        if not _FIELDS.issuperset(content):
            raise ValueError(f"it has more than {', '.join(sorted(_FIELDS))}")
        return GoldenRequest(path.stem, **content)
    except (ValueError, TypeError) as error:
        raise LadleError(
            "LD437",
            f"golden/{path.name} is no golden request: {error}",
            'write {"request": the body of /predict, "answer": what must come back}',
        ) from error
