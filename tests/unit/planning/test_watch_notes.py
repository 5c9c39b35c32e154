"""What is watched of a model, and what that costs."""

from __future__ import annotations

import pytest
from tests.unit.planning.specs import spec_of

from ladle.experiments.signature import Signature, TensorSpec
from ladle.planning.prices import prices
from ladle.planning.watch_notes import watch_notes, watched_columns

TABLE = TensorSpec("X", "float", (None, 12))
SCORES = TensorSpec("scores", "float", (None, 2))
NAME = TensorSpec("name", "string", (None, 1))
BARE = "name: fraud\nmodel: model.onnx\ntype: classification\n"


@pytest.mark.parametrize(
    ("inputs", "columns"),
    [((TABLE,), 14), ((TABLE, NAME), 14), ((TensorSpec("x", "float", (None,)),), 3)],
)
def test_numbers_in_and_out_are_watched(inputs: tuple[TensorSpec, ...], columns: int) -> None:
    assert watched_columns(spec_of(signature=Signature(inputs, (SCORES,)))) == columns


def test_an_image_is_watched_in_its_first_columns_only() -> None:
    picture = TensorSpec("pixels", "float", (None, 3, 224, 224))
    assert watched_columns(spec_of(signature=Signature((picture,), ()))) == 64


def test_behind_a_transform_nothing_is_watched() -> None:
    spec = spec_of(BARE + "transform: transform.py\n", signature=Signature((TABLE,), ()))
    assert watched_columns(spec) == 0
    (note,) = watch_notes(spec, prices())
    assert note.startswith("one metric, its evidence, while a trial runs: 0.74 USD for a month of")


def test_who_may_be_stopped_is_told_by_whom_and_when() -> None:
    signed = (
        "cost: {idle_ttl: 24h, action: stop, grace: 6h, production_stop_acknowledged_by: ada}\n"
    )
    spec = spec_of(BARE + "notify: ['mailto:ada@example.com']\n" + signed)
    (note,) = [note for note in watch_notes(spec, prices()) if note.startswith("stopped")]
    assert note.startswith("stopped 6 h after people were told")
    assert "as ada signed for" in note


def test_the_note_says_what_the_counters_cost() -> None:
    spec = spec_of(signature=Signature((TABLE,), ()))
    note = list(watch_notes(spec, prices()))[-1]
    assert "up to 12 columns" in note
    assert "at most 0.13 USD a month" in note
