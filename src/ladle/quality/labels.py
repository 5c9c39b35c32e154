"""A label meets the prediction it is about: what was predicted, what was true, and the loss."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LabelValue = str | int | float | bool
MAX_VALUES = 16  # of a label, or an outcome, with several
SEGMENT_VALUES = 20  # of one input in one process; more are OTHER
OTHER = "other"
SEALED_LENGTHS = frozenset({43, 48})  # characters of a sealed prediction id


@dataclass(frozen=True, slots=True)
class TextDigest:
    """A predicted text of which four bytes of its hash are left: enough to compare a label with."""

    four_bytes: bytes

    @classmethod
    def of(cls, value: LabelValue) -> TextDigest:
        text = written(value).encode("utf-8", "surrogatepass")
        return cls(hashlib.blake2b(text, digest_size=4).digest())


class Noted(NamedTuple):
    """A predicted value with the probability that the model gave it, and the segments its row is in
    (``field=value``). In JSON it is a list, without the segments where there are none.
    """

    value: LabelValue | TextDigest
    confidence: float | None = None
    segments: tuple[str, ...] = ()


Predicted = LabelValue | TextDigest | Noted


def noted(predicted: Predicted | Sequence[Any]) -> Noted:
    """However it was kept."""
    if isinstance(predicted, list | tuple):
        value, confidence, *segments = predicted
        return Noted(value, confidence, tuple(segments[0]) if segments else ())
    return Noted(predicted)  # type: ignore[arg-type]


def prediction_id(request_id: str, row: int) -> str:
    """As its caller knows it: a sealed id says its row itself."""
    return request_id if len(request_id) in SEALED_LENGTHS else f"{request_id}.{row}"


def written(value: LabelValue) -> str:
    """As a table would hold it: labels often come back from one as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def together(values: Sequence[LabelValue]) -> str:
    """Several values as one: what a prediction says at several keys, or in an array, is one outcome."""
    return json.dumps([written(value) for value in values], separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class PredictionRows:
    """Rows of one answered request, from ``first_row`` on; ``outcomes`` as the prediction line had
    them, or as a sealed id has one. ``total_rows`` is the whole request's, ``window_start`` the window
    of the prediction.
    """

    model: str
    request_id: str
    release: int
    window_start: float
    total_rows: int
    first_row: int
    outcomes: tuple[Predicted, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What was true of a row of a request; ``source`` is the principal that said so.

    A sealed prediction id is its own ``request_id``.
    """

    request_id: str
    row: int
    value: LabelValue
    at: float
    source: str

    @property
    def prediction_id(self) -> str:
        return prediction_id(self.request_id, self.row)


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """A label that was judged: what it adds to the counters of its release and window."""

    release: int
    window_start: float
    labelled_micro: int
    wrong_micro: int
    tallies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AcceptedLabel:
    """What a prediction's label now is.

    ``number`` counts the values that were accepted for this prediction, from 0. ``outcome`` is what
    this value adds, None while it waits for its prediction; ``replaced`` what the value before it
    had added. ``counts``: the batch that accepted it now has to count the difference. ``new`` is
    False when the store held this value, or a newer one, already.
    """

    number: int
    outcome: LabelOutcome | None
    replaced: LabelOutcome | None
    counts: bool
    new: bool
