"""A labelled row is right or wrong; a request's rows share one vote.

Each row adds the same part of its request, so that a batch of a thousand rows weighs as much as a
request with one: requests, not rows, are what chance deals to the releases.
"""

from __future__ import annotations

import struct

from ladle.quality.counts import MICRO, Counts, WindowKey
from ladle.quality.labels import (
    AcceptedLabel,
    Label,
    LabelOutcome,
    LabelValue,
    Predicted,
    PredictionRows,
    TextDigest,
    written,
)


def covers(rows: PredictionRows, row: int) -> bool:
    return rows.first_row <= row < rows.first_row + len(rows.outcomes)


def judged(rows: PredictionRows, label: Label) -> LabelOutcome:
    """``label`` must be about one of ``rows``."""
    micro = _micro(label.row, rows.total_rows)
    wrong = not same(rows.outcomes[label.row - rows.first_row], label.value)
    return LabelOutcome(rows.release, rows.window_start, micro, micro if wrong else 0)


def same(predicted: Predicted, true: LabelValue) -> bool:
    """Equal, or written alike: labels often come back from a table as text (``"1"`` for 1). Numbers
    with a point are equal in single precision, in which models answer.
    """
    if isinstance(predicted, TextDigest):
        return predicted == TextDigest.of(true)
    if predicted == true or written(predicted) == written(true):
        return True
    return isinstance(predicted, float) and _single(predicted) == _single(true)


def deltas(model: str, accepted: AcceptedLabel) -> dict[WindowKey, Counts]:
    """What this label adds to the counters of its prediction's window, less what it replaces."""
    outcome, before = accepted.outcome, accepted.replaced
    if outcome is None:
        return {}
    labelled = outcome.labelled_micro - (before.labelled_micro if before else 0)
    wrong = outcome.wrong_micro - (before.wrong_micro if before else 0)
    if not labelled and not wrong:
        return {}
    key = WindowKey(model, outcome.release, outcome.window_start)
    return {key: Counts(labelled_micro=labelled, wrong_micro=wrong)}


def _micro(row: int, rows: int) -> int:
    """Parts that differ by at most 1 and sum to exactly one request."""
    return MICRO * (row + 1) // rows - MICRO * row // rows


def _single(value: LabelValue) -> bytes | None:
    """Of a number or a text that writes one; what is none equals nothing."""
    try:
        return struct.pack(">f", float(value))
    except (ValueError, OverflowError):
        return None
