"""How sure a model was, against how right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.quality.calibration import tallies
from ladle.quality.counts import MICRO, Counts
from ladle.quality.labels import Label, Noted, PredictionRows, noted
from ladle.quality.measures import measured
from ladle.quality.outcomes import judged

answers = st.lists(st.tuples(st.floats(0.5, 1), st.booleans()), min_size=1, max_size=40)


def counted(confidence: float, right: bool) -> Counts:
    wrong = 0 if right else MICRO
    return Counts(1, 0, 0, MICRO, wrong, tallies=tallies(confidence, MICRO, wrong))


@given(answers)
def test_the_scores_are_those_of_the_definition(given_: list[tuple[float, bool]]) -> None:
    seen = measured(sum((counted(q, right) for q, right in given_), Counts()))
    n = len(given_)
    brier = sum((q - right) ** 2 for q, right in given_) / n
    loss = -sum(math.log(min(0.999, max(0.001, q if right else 1 - q))) for q, right in given_) / n
    assert seen["brier"] == pytest.approx(brier, abs=1e-5)
    assert seen["log_loss"] == pytest.approx(loss, abs=1e-5)
    assert seen["accuracy"] == pytest.approx(sum(right for _, right in given_) / n, abs=1e-6)
    assert 0 <= seen["calibration_error"] <= 1


def test_a_model_that_is_as_right_as_it_says_has_no_calibration_error() -> None:
    honest = [(0.75, k < 75) for k in range(100)]
    boaster = [(0.95, k < 75) for k in range(100)]
    errors = [
        measured(sum((counted(*each) for each in given_), Counts()))["calibration_error"]
        for given_ in (honest, boaster)
    ]
    assert errors == [pytest.approx(0.0, abs=1e-6), pytest.approx(0.2)]


def test_a_label_meets_the_confidence_of_its_row_however_that_was_kept() -> None:
    for kept in (Noted(1, 0.9), [1, 0.9, []]):
        rows = PredictionRows("fraud", "A" * 22, 7, 60.0, 1, 0, (kept,))  # type: ignore[arg-type]
        outcome = judged(rows, Label("A" * 22, 0, "1", 0.0, "team"))
        assert (outcome.wrong_micro, outcome.tallies["q.9"]) == (0, MICRO)
        assert outcome.tallies["c.1"] == MICRO
    assert noted(5) == Noted(5)


def test_what_gave_no_probability_has_no_such_scores() -> None:
    assert measured(Counts(1, labelled_micro=MICRO)) == {"accuracy": 1.0}
    assert tallies(None, MICRO, 0) == tallies(1.5, MICRO, 0) == {}
