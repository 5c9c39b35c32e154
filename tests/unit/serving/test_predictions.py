"""A row's prediction is one object, and its outcome stands where the config's key says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ladle.errors import LadleError
from ladle.quality.new_label import NewLabel
from ladle_runtime.serving.json_text import to_json
from ladle_runtime.serving.outcome import outcome_of, parse_key
from ladle_runtime.serving.predictions import Predictions, Run

LOGITS = np.array([[0.1, 0.9], [2.0, 1.0]], dtype=np.float32)


def labels(outputs: dict[str, Any], type_: str, rows: int = 2) -> Any:
    run = Run(outputs, rows, type_)
    return run.outcomes((("label",),))


def test_a_classifier_without_a_label_gets_the_place_of_its_highest_score() -> None:
    assert labels({"logits": LOGITS}, "classification") == [1, 0]


def test_a_classifier_s_own_classes_are_its_labels_whatever_their_output_is_called() -> None:
    names = np.array(["cat", "dog"], dtype=object)
    probabilities = [{"cat": 0.9, "dog": 0.1}, {"cat": 0.2, "dog": 0.8}]
    rows = Run(
        {"output_label": names, "output_probability": probabilities}, 2, "classification"
    ).objects()
    assert [row["label"] for row in rows] == ["cat", "dog"]
    assert rows[1]["output_probability"] == {"cat": 0.2, "dog": 0.8}


def test_an_output_called_label_is_never_replaced() -> None:
    outputs = {"label": np.array([[7], [8]]), "scores": LOGITS}
    assert labels(outputs, "classification") == [7, 8]


def test_the_label_of_a_regression_is_its_number() -> None:
    assert labels({"variable": np.array([[1.5], [2.5]])}, "regression") == [1.5, 2.5]


def test_an_embedding_promises_no_label() -> None:
    assert labels({"vector": LOGITS}, "embedding") == [None, None]


def test_an_output_without_rows_makes_the_answer_one_object() -> None:
    assert Run({"total": np.float64(3.0).reshape(())}, 2, "generic").objects() == [{"total": 3.0}]


@given(
    numbers=arrays(
        st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_]),
        st.tuples(st.integers(1, 4)) | st.tuples(st.integers(1, 4), st.integers(0, 4)),
    ),
    name=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    type_=st.sampled_from(["classification", "regression", "generic"]),
)
def test_numbers_written_by_columns_are_the_objects_in_json(
    numbers: Any, name: str, type_: str
) -> None:
    run = Run({name: numbers}, len(numbers), type_)
    assert run.all().texts == [to_json(each) for each in run.objects()]
    assert Predictions(run, 0, 1).texts == [to_json(run.objects()[0])]


@given(arrays(st.sampled_from([np.float32, np.float64, np.int32, np.bool_]), st.integers(1, 4)))
def test_outcomes_of_a_column_are_those_of_its_objects(label: Any) -> None:
    run = Run({"label": label}, len(label), "generic")
    assert run.outcomes((("label",),)) == [
        outcome_of(each, (("label",),)) for each in run.objects()
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("$.a.b", 1),
        ("$.a.c[1]", 3),
        ('$["a"].b', 1),
        ("$.a.none", None),
        ("$.a", None),
        ("$.a.c", '["2","3"]'),
        ("$.a.b$.a.c[0]", '["1","2"]'),
        ('$["a"].b$.a.none', None),
    ],
)
def test_an_outcome_may_be_nested(key: str, expected: Any) -> None:
    assert outcome_of({"a": {"b": 1, "c": [2, 3]}}, parse_key(key)) == expected


def test_a_number_that_is_none_is_an_outcome_that_no_label_equals() -> None:
    for value in (float("nan"), np.float32("inf")):
        assert outcome_of({"label": value}, (("label",),)) == "NaN"


def test_an_outcome_too_long_for_a_line_is_none() -> None:
    assert outcome_of({"label": "x" * 1001}, (("label",),)) is None


@pytest.mark.parametrize(
    "key", ["", "$", "label", "$.", "$.a[", "$.a b", "$..a", "$[x]", "$.a$", "$$.a"]
)
def test_a_key_that_is_no_path_is_refused(key: str) -> None:
    with pytest.raises(LadleError) as error:
        parse_key(key)
    assert error.value.code == "LD422"


@given(st.lists(st.from_regex(r"[A-Za-z_]\w{0,5}", fullmatch=True), min_size=1, max_size=4))
def test_a_key_leads_to_what_it_names(names: list[str]) -> None:
    value: Any = 7
    for name in reversed(names):
        value = {name: value}
    assert outcome_of(value, parse_key("$." + ".".join(names))) == 7


@given(st.lists(st.booleans() | st.integers() | st.text(max_size=20), min_size=2, max_size=16))
def test_a_label_of_several_values_is_written_as_the_outcome_is(values: list[Any]) -> None:
    sent = NewLabel.read({"prediction_id": "A" * 22 + ".0", "label": values}, "it")
    assert outcome_of({"tags": values}, parse_key("$.tags")) == sent.value


def test_scores_are_no_outcome_and_a_long_array_is_none() -> None:
    scores = np.eye(3, dtype=np.float32)
    assert Run({"label": scores}, 3, "generic").outcomes((("label",),)) == [None] * 3
    assert outcome_of({"tags": list(range(17))}, parse_key("$.tags")) is None
