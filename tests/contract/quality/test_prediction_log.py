"""Every PredictionLog finds the row that a label is about."""

from __future__ import annotations

from ladle.ports import PredictionLog
from ladle.quality.labels import PredictionRows

ID = "A" * 22
FOREVER = 4_000_000_000.0


def rows(first: int, *outcomes: str | float | bool, total: int = 5) -> PredictionRows:
    return PredictionRows("fraud", ID, 7, 1_789_999_980.0, total, first, tuple(outcomes))


def test_a_row_is_found_in_the_line_that_holds_it(predictions: PredictionLog) -> None:
    first, second = rows(0, "cat", "dog", "cat"), rows(3, 1, 2.5)
    predictions.add(second, FOREVER)
    predictions.add(first, FOREVER)
    assert predictions.find("fraud", ID, 0) == predictions.find("fraud", ID, 2) == first
    assert predictions.find("fraud", ID, 3) == predictions.find("fraud", ID, 4) == second


def test_what_was_never_predicted_is_not_found(predictions: PredictionLog) -> None:
    predictions.add(rows(0, "cat", total=5), FOREVER)
    assert predictions.find("fraud", ID, 1) is None
    assert predictions.find("fraud", "B" * 22, 0) is None
    assert predictions.find("other", ID, 0) is None


def test_rows_that_are_delivered_twice_are_kept_once(predictions: PredictionLog) -> None:
    predictions.add(rows(0, True, total=1), FOREVER)
    predictions.add(rows(0, True, total=1), FOREVER)
    assert predictions.find("fraud", ID, 0) == rows(0, True, total=1)
