"""A label meets the prediction it is about: what was predicted, what was true, and the loss."""

from __future__ import annotations

from dataclasses import dataclass

LabelValue = str | int | float | bool


@dataclass(frozen=True, slots=True)
class PredictionRows:
    """Rows of one answered request, from ``first_row`` on; ``outcomes`` as the prediction line had
    them. ``total_rows`` is the whole request's, ``window_start`` the window of the prediction.
    """

    model: str
    request_id: str
    release: int
    window_start: float
    total_rows: int
    first_row: int
    outcomes: tuple[LabelValue, ...]


@dataclass(frozen=True, slots=True)
class Label:
    """What was true of ``<request id>.<row>``; ``source`` is the principal that said so."""

    request_id: str
    row: int
    value: LabelValue
    at: float
    source: str

    @property
    def prediction_id(self) -> str:
        return f"{self.request_id}.{self.row}"


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """A label that was judged: what it adds to the counters of its release and window."""

    release: int
    window_start: float
    labelled_micro: int
    wrong_micro: int


@dataclass(frozen=True, slots=True)
class AcceptedLabel:
    """What a prediction's label now is.

    ``number`` counts the values that were accepted for this prediction, from 0. ``outcome`` is what
    this value adds, None while it waits for its prediction; ``replaced`` what the value before it
    had added. ``new`` is False when the store held this value, or a newer one, already.
    """

    number: int
    outcome: LabelOutcome | None
    replaced: LabelOutcome | None
    new: bool
