"""A label as somebody sent it, checked before anything is done with it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ladle.errors import LadleError
from ladle.quality.labels import MAX_VALUES, LabelValue, prediction_id, together
from ladle.quality.sealed_id import place

MAX_TEXT = 1000  # characters of a label
REFUSES_ONE = frozenset({"LD603", "LD607", "LD608"})  # a label, and not its neighbours
SHAPE = (
    'send {"prediction_id": "…", "label": a text, a number, or a list of them}, or a list of labels'
)
_PREDICTION_ID = re.compile(r"([\w-]{22})\.(\d{1,6})|([\w-]{43}|[\w-]{48})", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewLabel:
    """About which prediction, and what was true."""

    request_id: str
    row: int
    value: LabelValue

    @property
    def prediction_id(self) -> str:
        return prediction_id(self.request_id, self.row)

    @classmethod
    def parse(cls, id_: str, value: LabelValue) -> NewLabel:
        """Raises LadleError LD602."""
        found = _PREDICTION_ID.fullmatch(id_)
        if found is None:
            raise LadleError(
                "LD602",
                "that is no prediction id: it has 43 or 48 characters, or 22, a dot and a row",
                "send the prediction_id of an answer as it is",
            )
        if sealed := found[3]:
            return cls(sealed, place(sealed), value)
        return cls(found[1], int(found[2]), value)

    @classmethod
    def read(cls, given: object, where: str) -> NewLabel:
        """From an object that nobody has checked. Raises LadleError LD602, LD605."""
        value = _one(given.get("label")) if isinstance(given, dict) else None
        id_ = given.get("prediction_id") if isinstance(given, dict) else None
        fits = isinstance(value, bool | int | float | str) and (
            len(value) <= MAX_TEXT if isinstance(value, str) else math.isfinite(value)
        )
        if not isinstance(id_, str) or not fits or not isinstance(value, str | int | float):
            raise LadleError("LD605", f"{where} is no label", SHAPE)
        return cls.parse(id_, value)


def _one(value: object) -> object:
    """A list of plain values is what the prediction says at several keys."""
    if isinstance(value, list) and 0 < len(value) <= MAX_VALUES:
        plain = [v for v in value if isinstance(v, bool | int | float | str)]
        return together(plain) if len(plain) == len(value) else value
    return value
