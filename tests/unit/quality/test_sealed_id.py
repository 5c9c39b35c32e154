"""A sealed id says what it was made of, to nobody but its maker's key, and in one spelling only."""

from __future__ import annotations

import string
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.quality.labels import LabelValue, PredictionRows
from ladle.quality.outcomes import same
from ladle.quality.sealed_id import (
    SEALED_ROWS,
    Sealer,
    fits,
    place,
    request_begins,
    seal_key,
    unseal,
)

KEY, OLD, OTHER = (seal_key(name) for name in (b"line key", b"older", b"another model's"))
DRAWN = bytes(range(8))
AT = 1_789_999_983.25
ALPHABET = string.ascii_letters + string.digits + "-_"

values = st.one_of(
    st.integers(),
    st.booleans(),
    st.text(max_size=40),
    st.floats(allow_nan=False, allow_infinity=False),
)


def sealed(*outcomes: LabelValue, key: bytes = KEY, drawn: bytes = DRAWN) -> list[str]:
    return Sealer(key, 7, 60.0).seal(outcomes, AT, drawn)


def unsealed(id_: str, *keys: bytes) -> PredictionRows:
    found = unseal("fraud", id_, keys or (KEY,))
    assert found is not None
    return found


@given(st.lists(st.floats(0, 300) | st.sampled_from([59.9994, 59.9996, 119.9999]), min_size=2))
def test_a_sealer_that_made_other_ids_before_says_the_same(times: list[float]) -> None:
    used = Sealer(KEY, 7, 60.0)
    for at in times:
        assert used.seal([1], at, DRAWN) == Sealer(KEY, 7, 60.0).seal([1], at, DRAWN)


@given(values)
def test_a_label_that_equals_the_prediction_is_the_same_after_sealing(value: LabelValue) -> None:
    (id_,) = sealed(value)
    rows = unsealed(id_)
    assert same(rows.outcomes[0], value)
    assert (rows.release, rows.window_start, rows.total_rows, rows.first_row) == (
        7,
        AT - 3.25,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("predicted", "true"), [(1, 2), ("cat", "dog"), (True, False), (0.5, 0.75), (2**40, 2**41)]
)
def test_another_label_is_not_the_same(predicted: LabelValue, true: LabelValue) -> None:
    assert not same(unsealed(*sealed(predicted)).outcomes[0], true)


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_class_by_number_is_kept_exactly(number: int) -> None:
    assert unsealed(*sealed(number)).outcomes == (number,)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_number_of_a_regression_is_kept_in_single_precision(number: float) -> None:
    assert unsealed(*sealed(number)).outcomes == (number,)


@given(st.lists(values, min_size=2, max_size=SEALED_ROWS))
def test_each_row_of_a_request_knows_its_place_and_how_many_there_are(
    outcomes: list[LabelValue],
) -> None:
    ids = sealed(*outcomes)
    assert len(set(ids)) == len(outcomes)
    for row, id_ in enumerate(ids):
        rows = unsealed(id_)
        assert (rows.first_row, place(id_), rows.total_rows) == (row, row, len(outcomes))
        assert same(rows.outcomes[0], outcomes[row])


def test_an_id_has_43_characters_and_one_of_several_rows_48() -> None:
    assert [len(id_) for id_ in sealed(1)] == [43]
    assert [len(id_) for id_ in sealed(1, 2)] == [48, 48]


@given(st.sampled_from([1, 2]), st.data())
def test_an_id_with_another_character_anywhere_is_refused(rows: int, data: st.DataObject) -> None:
    id_ = sealed(*range(rows))[-1]
    at = data.draw(st.integers(0, len(id_) - 1))
    other = data.draw(st.sampled_from(sorted(set(ALPHABET) - {id_[at]})))
    assert unseal("fraud", id_[:at] + other + id_[at + 1 :], [KEY]) is None


def test_there_is_no_second_spelling_of_an_id() -> None:
    (id_,) = sealed(1)
    spelled = [id_[:-1] + last for last in ALPHABET]
    assert [s for s in spelled if unseal("fraud", s, [KEY]) is not None] == [id_]


@given(st.text(max_size=60) | st.text(ALPHABET, min_size=43, max_size=43))
def test_no_text_that_was_not_sealed_is_an_id(text: str) -> None:
    assert unseal("fraud", text, [KEY]) is None
    assert place(text) >= 0


def test_another_models_key_opens_nothing() -> None:
    assert unseal("fraud", *sealed(1, key=OTHER), [KEY, OLD]) is None


def test_an_older_key_still_opens_what_it_sealed() -> None:
    (id_,) = sealed(5, key=OLD)
    assert unsealed(id_, KEY, OLD).outcomes == (5,)
    assert unseal("fraud", id_, [KEY]) is None


@given(st.lists(st.binary(min_size=8, max_size=8), unique=True, min_size=2, max_size=9))
def test_equal_predictions_in_the_same_window_have_different_ids(drawn: list[bytes]) -> None:
    assert len({sealed(1, drawn=d)[0] for d in drawn}) == len(drawn)


@pytest.mark.parametrize(("release", "window_s"), [(65536, 60.0), (-1, 60.0), (7, 0.5)])
def test_what_does_not_fit_is_no_sealer(release: int, window_s: float) -> None:
    with pytest.raises(ValueError, match="two bytes"):
        Sealer(KEY, release, window_s)


@pytest.mark.parametrize(
    ("model_type", "window_s", "fit"),
    [
        ("classification", 60.0, True),
        ("regression", 5.0, True),
        ("generic", 60.0, False),
        ("classification", 0.5, False),
    ],
)
def test_classes_and_numbers_fit_and_what_may_be_anything_does_not(
    model_type: str, window_s: float, fit: bool
) -> None:
    assert fits(model_type, window_s) is fit


@given(st.binary(min_size=18, max_size=18), st.integers(1, 5))
def test_an_id_says_how_the_line_of_its_request_begins(drawn: bytes, rows: int) -> None:
    request_id = urlsafe_b64encode(drawn)[:22].decode()
    for id_ in sealed(*[1] * rows, drawn=drawn[:8]):
        begins = request_begins(id_)
        assert begins is not None
        assert len(begins) == 10
        assert request_id.startswith(begins)


def test_what_is_no_sealed_id_says_nothing_of_a_request() -> None:
    assert request_begins("qwVx0Ym2BcbX.3") is None
