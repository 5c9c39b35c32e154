"""Every LabelStore keeps one label a prediction, the newest, whatever the order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ladle.errors import LadleError
from ladle.ports import LabelStore
from ladle.quality.acceptance import Counting
from ladle.quality.counts import MICRO
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome, LabelValue

ID = "A" * 22
RIGHT = LabelOutcome(7, 1_789_999_980.0, MICRO, 0)
WRONG = LabelOutcome(7, 1_789_999_980.0, MICRO, MICRO)
FOREVER = 4_000_000_000.0
COUNTED = Counting("this batch", lambda _: True)  # every other batch was added
UNCOUNTED = Counting("this batch", lambda _: False)  # none was: their callers died


def label(value: LabelValue, at: float = 0.0, row: int = 0, request_id: str = ID) -> Label:
    return Label(request_id, row, value, at, "team")


def test_a_first_label_is_new(labels: LabelStore) -> None:
    accepted = labels.accept("fraud", label("cat"), RIGHT, FOREVER, COUNTED)
    assert accepted == AcceptedLabel(0, RIGHT, None, counts=True, new=True)


def test_the_same_label_again_changes_nothing_and_says_what_stands(labels: LabelStore) -> None:
    labels.accept("fraud", label("cat"), RIGHT, FOREVER, COUNTED)
    again = labels.accept("fraud", label("cat", at=9.0), RIGHT, FOREVER, COUNTED)
    assert again == AcceptedLabel(0, RIGHT, None, counts=False, new=False)


def test_a_correction_says_what_it_replaces(labels: LabelStore) -> None:
    labels.accept("fraud", label("cat"), RIGHT, FOREVER, COUNTED)
    corrected = labels.accept("fraud", label("dog", at=1.0), WRONG, FOREVER, COUNTED)
    assert corrected == AcceptedLabel(1, WRONG, RIGHT, counts=True, new=True)
    assert labels.accept("fraud", label("dog", at=1.0), WRONG, FOREVER, COUNTED) == AcceptedLabel(
        1, WRONG, RIGHT, counts=False, new=False
    )


def test_a_fourth_correction_is_refused_and_the_third_stands(labels: LabelStore) -> None:
    for n in range(4):
        labels.accept("fraud", label(n, at=float(n)), RIGHT, FOREVER, COUNTED)
    with pytest.raises(LadleError, match="LD603"):
        labels.accept("fraud", label(9, at=9.0), WRONG, FOREVER, COUNTED)
    assert labels.accept("fraud", label(3, at=3.0), RIGHT, FOREVER, COUNTED).number == 3


def test_a_label_without_its_prediction_waits_until_it_is_settled(labels: LabelStore) -> None:
    early = label("cat", row=3)
    labels.accept("fraud", early, None, FOREVER, COUNTED)
    labels.accept("fraud", label("dog", row=4), RIGHT, FOREVER, COUNTED)
    assert early in labels.given("fraud", ID)
    settled = labels.accept("fraud", early, WRONG, FOREVER, COUNTED)
    assert settled == AcceptedLabel(0, WRONG, None, counts=True, new=False)
    assert not labels.accept("fraud", early, WRONG, FOREVER, COUNTED).counts


def test_a_label_whose_batch_was_never_added_is_counted_by_whoever_brings_it_again(
    labels: LabelStore,
) -> None:
    labels.accept("fraud", label("cat"), RIGHT, FOREVER, Counting("dead", lambda _: False))
    again = labels.accept("fraud", label("cat"), RIGHT, FOREVER, UNCOUNTED)
    assert again == AcceptedLabel(0, RIGHT, None, counts=True, new=False)
    asked: list[str] = []
    after = Counting("a third", lambda batch: asked.append(batch) is None)
    assert not labels.accept("fraud", label("cat"), RIGHT, FOREVER, after).counts
    assert asked == ["this batch"]


def test_a_correction_takes_back_nothing_that_was_never_counted(labels: LabelStore) -> None:
    labels.accept("fraud", label("cat"), RIGHT, FOREVER, UNCOUNTED)
    corrected = labels.accept("fraud", label("dog", at=1.0), WRONG, FOREVER, UNCOUNTED)
    assert corrected == AcceptedLabel(1, WRONG, None, counts=True, new=True)


def test_rows_requests_and_models_are_apart(labels: LabelStore) -> None:
    labels.accept("fraud", label("cat"), RIGHT, FOREVER, COUNTED)
    for other in (label("dog", row=1), label("dog", request_id="B" * 22)):
        assert labels.accept("fraud", other, WRONG, FOREVER, COUNTED).new
    assert labels.accept("spam", label("dog"), WRONG, FOREVER, COUNTED).new


def test_an_older_value_that_comes_late_changes_nothing(labels: LabelStore) -> None:
    labels.accept("fraud", label("dog", at=5.0), WRONG, FOREVER, COUNTED)
    late = labels.accept("fraud", label("cat", at=1.0), RIGHT, FOREVER, COUNTED)
    assert late == AcceptedLabel(0, WRONG, None, counts=False, new=False)


def test_of_writers_at_the_same_label_one_is_first(
    labels: LabelStore, needs: Callable[[str], None]
) -> None:
    needs("serves several threads in one process")

    def accept(_: int) -> AcceptedLabel:
        return labels.accept("fraud", label("cat"), RIGHT, FOREVER, COUNTED)

    with ThreadPoolExecutor(4) as pool:
        accepted = list(pool.map(accept, range(12)))
    assert sum(a.new for a in accepted) == 1
    assert {a.number for a in accepted} == {0}
