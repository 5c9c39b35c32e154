"""A labelled row is right or wrong; a request's rows share one vote.

Each row adds the same part of its request, so that a batch of a thousand rows weighs as much as a
request with one: requests, not rows, are what chance deals to the releases.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from ladle.quality import calibration, classes, errors, segments, sources
from ladle.quality.counts import MICRO, Counts, WindowKey
from ladle.quality.labels import (
    AcceptedLabel,
    Label,
    LabelOutcome,
    LabelValue,
    PredictionRows,
    TextDigest,
    noted,
    written,
)


def covers(rows: PredictionRows, row: int) -> bool:
    return rows.first_row <= row < rows.first_row + len(rows.outcomes)


def judged(
    rows: PredictionRows, label: Label, numeric: bool = False, source: str | None = None
) -> LabelOutcome:
    """``label`` must be about one of ``rows``. A ``numeric`` prediction is not right or wrong, but off
    by so much. ``source`` is the entry of ``labels.sources`` that is counted apart, if any is.
    """
    micro = _micro(label.row, rows.total_rows)
    predicted, confidence, apart = noted(rows.outcomes[label.row - rows.first_row])
    wrong = 0 if numeric or same(predicted, label.value) else micro
    if numeric:
        tallies = errors.tallies(predicted, label.value, micro)
    else:
        sure = calibration.tallies(confidence, micro, wrong)
        tallies = {**classes.tallies(label.value, micro, wrong), **sure}
    tallies = {**tallies, **segments.tallies(apart, micro, wrong, tallies)}
    if source is not None:
        tallies = {**tallies, **sources.tallies(source, micro, wrong, tallies)}
    return LabelOutcome(rows.release, rows.window_start, micro, wrong, tallies)


def same(predicted: LabelValue | TextDigest, true: LabelValue) -> bool:
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
    tallies = _less(outcome.tallies, before.tallies if before else {})
    if not labelled and not wrong and not tallies:
        return {}
    key = WindowKey(model, outcome.release, outcome.window_start)
    return {key: Counts(labelled_micro=labelled, wrong_micro=wrong, tallies=tallies)}


def _less(now: Mapping[str, int], before: Mapping[str, int]) -> Mapping[str, int]:
    names = now.keys() | before.keys()
    changes = {name: now.get(name, 0) - before.get(name, 0) for name in sorted(names)}
    return {name: n for name, n in changes.items() if n}


def _micro(row: int, rows: int) -> int:
    """Parts that differ by at most 1 and sum to exactly one request."""
    return MICRO * (row + 1) // rows - MICRO * row // rows


def _single(value: LabelValue) -> bytes | None:
    """Of a number or a text that writes one; what is none equals nothing."""
    try:
        return struct.pack(">f", float(value))
    except (ValueError, OverflowError):
        return None
