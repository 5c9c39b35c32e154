"""A label meets its prediction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.errors import LadleError
from ladle.quality.acceptance import MAX_CORRECTIONS, Counting, StoredLabel, accept
from ladle.quality.counts import MICRO, Counts, WindowKey
from ladle.quality.labels import Label, LabelOutcome, LabelValue, PredictionRows
from ladle.quality.outcomes import deltas, judged, same

ROWS = PredictionRows("fraud", "A" * 22, 7, 60.0, 3, 0, ("cat", "dog", "cat"))


def label(value: LabelValue, at: float = 0.0, row: int = 0) -> Label:
    return Label("A" * 22, row, value, at, "team")


@given(st.integers(1, 100_000))
def test_the_rows_of_a_request_sum_to_one_request(rows: int) -> None:
    step = max(1, rows // 50)
    whole = PredictionRows("fraud", "A" * 22, 7, 60.0, rows, 0, ("cat",) * rows)
    micros = [judged(whole, label("dog", row=row)).labelled_micro for row in range(0, rows, step)]
    assert max(micros) - min(micros) <= 1
    if step == 1:
        assert sum(micros) == MICRO


def test_a_wrong_row_adds_its_part_to_both_counters() -> None:
    outcome = judged(ROWS, label("dog", row=2))
    assert outcome == LabelOutcome(7, 60.0, 333_334, 333_334)
    assert judged(ROWS, label("dog", row=1)).wrong_micro == 0


def test_rows_are_found_from_where_their_line_began() -> None:
    later = PredictionRows("fraud", "A" * 22, 7, 60.0, 3, 2, ("cat",))
    assert judged(later, label("cat", row=2)).wrong_micro == 0


@pytest.mark.parametrize(
    ("predicted", "true", "equal"),
    [
        (1, "1", True),
        (1.0, "1", True),
        (1, 1.0, True),
        (True, "true", True),
        ("cat ", "cat", True),
        (1, 2, False),
        ("cat", "Cat", False),
        (0.25, "0.25", True),
    ],
)
def test_a_label_that_came_back_as_text_is_still_the_same(
    predicted: LabelValue, true: LabelValue, equal: bool
) -> None:
    assert same(predicted, true) is equal


RIGHT = LabelOutcome(7, 60.0, MICRO, 0)
BY = Counting("batch", lambda _: True)  # every other batch was added
WRONG = LabelOutcome(7, 60.0, MICRO, MICRO)


def test_a_correction_moves_the_counters_by_the_difference() -> None:
    first = accept(None, label("cat"), RIGHT, BY)
    second = accept(first.write, label("dog", at=1.0), WRONG, BY)
    assert deltas("fraud", second.accepted) == {
        WindowKey("fraud", 7, 60.0): Counts(wrong_micro=MICRO)
    }


def test_a_label_that_was_corrected_while_it_waited_counts_once() -> None:
    first = accept(None, label("cat"), None, BY)
    second = accept(first.write, label("dog", at=1.0), None, BY)
    settled = accept(second.write, label("dog", at=1.0), WRONG, BY)
    assert deltas("fraud", first.accepted) == deltas("fraud", second.accepted) == {}
    assert deltas("fraud", settled.accepted) == {
        WindowKey("fraud", 7, 60.0): Counts(labelled_micro=MICRO, wrong_micro=MICRO)
    }


def test_an_older_value_that_arrives_late_changes_nothing() -> None:
    stored = accept(None, label("dog", at=5.0), WRONG, BY).write
    late = accept(stored, label("cat", at=1.0), RIGHT, BY)
    assert late.write is None
    assert late.accepted.outcome == WRONG


def test_a_fourth_correction_is_refused() -> None:
    stored = accept(None, label(0), RIGHT, BY).write
    for n in range(1, MAX_CORRECTIONS + 1):
        stored = accept(stored, label(n, at=float(n)), RIGHT, BY).write
    with pytest.raises(LadleError, match="LD603"):
        accept(stored, label(99, at=99.0), RIGHT, BY)


outcomes = st.sampled_from([RIGHT, WRONG])


@given(st.lists(st.tuples(st.integers(0, 2), outcomes), max_size=4))
def test_the_counters_end_at_the_last_value_whatever_was_repeated(
    sent: list[tuple[int, LabelOutcome]],
) -> None:
    by_value = dict(sent)
    stored: StoredLabel | None = None
    events: list[dict[WindowKey, Counts]] = []
    for at, (value, _) in enumerate(sent):
        for _ in range(2):
            done = accept(stored, label(value, at=float(at)), by_value[value], BY)
            stored = done.write or stored
            if done.accepted.counts:
                events.append(deltas("fraud", done.accepted))
    total = sum((c for d in events for c in d.values()), Counts())
    if stored is not None and stored.outcome is not None:
        assert total == Counts(
            labelled_micro=stored.outcome.labelled_micro, wrong_micro=stored.outcome.wrong_micro
        )


@given(value=st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False))
def test_a_stored_label_is_read_back_as_it_was(value: LabelValue) -> None:
    stored = StoredLabel(label(value), 2, WRONG, RIGHT, "batch")
    assert StoredLabel.from_json(stored.to_json()) == stored
