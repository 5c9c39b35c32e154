"""How sure a model was, and whose row it is, go with the outcome."""

from __future__ import annotations

import numpy as np
import pytest

from ladle.quality.labels import SEGMENT_VALUES, Noted
from ladle.quality.sealed_id import Sealer, unseal
from ladle_runtime.serving.notes import Notes

SCORES = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)


def test_a_classifier_notes_the_probability_of_its_answer() -> None:
    notes = Notes("classification", ())
    assert notes.of([1, None], {}, {"scores": SCORES}) == [Noted(1, 0.8), None]
    many = np.tile(SCORES, (50, 1))
    assert notes.of([1, 0] * 50, {}, {"scores": many}) == [Noted(1, 0.8), Noted(0, 0.6)] * 50


@pytest.mark.parametrize("scores", [SCORES * 3, -SCORES, SCORES[:, :1], np.array([1, 0])])
def test_scores_that_are_no_probabilities_are_no_confidence(scores: np.ndarray) -> None:
    judged = [1, 0]
    assert Notes("classification", ()).of(judged, {}, {"scores": scores}) is judged
    assert Notes("regression", ()).of(judged, {}, {"scores": SCORES}) is judged


def test_a_row_that_the_model_is_not_a_number_sure_of_is_noted_without() -> None:
    notes = Notes("classification", ())
    notes.of([1, 0], {}, {"scores": SCORES})
    nothing = np.full((1, 2), np.nan, np.float32)
    assert notes.of([1], {}, {"scores": nothing}) == [1]
    assert notes.of([1, 0], {}, {"scores": np.vstack([nothing, SCORES[1:]])}) == [1, Noted(0, 0.6)]


def test_a_field_keeps_the_values_that_came_first() -> None:
    notes = Notes("generic", ("region",))
    names = np.array([[f"r{k}"] for k in range(SEGMENT_VALUES + 2)], object)
    found = notes.of([0] * len(names), {"region": names}, {})
    assert found[0] == Noted(0, None, ("region=r0",))
    assert found[-1] == Noted(0, None, ("region=other",))
    assert notes.of([0], {"region": np.array(["r3"])}, {}) == [Noted(0, None, ("region=r3",))]
    assert notes.of([0], {}, {}) == [Noted(0, None, ("region=other",))]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (Noted(3, 0.8), Noted(3, 204 / 255)),
        (Noted(2**24, 0.8), 2**24),
        (Noted(-1, 0.8), -1),
        (Noted(True, 0.8), True),
        (Noted(7), 7),
    ],
)
def test_a_sealed_id_holds_the_probability_of_a_class(said: Noted, read: object) -> None:
    key = b"k" * 32
    (sealed,) = Sealer(key, 7, 60.0).seal([said], 120.0, b"r" * 8)
    rows = unseal("fraud", sealed, [key])
    assert rows is not None
    assert rows.outcomes == (read,)
