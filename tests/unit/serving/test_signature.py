"""What reaches the model is typed, bounded and finite, or it is refused in the model's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.signature import batch

ROWS_OF_TWO = (TensorSpec("x", "float", (None, 2)),)
TABLE = (TensorSpec("age", "int64", (None, 1)), TensorSpec("city", "string", (None, 1)))
NUMPY_OF = {"float": "float32", "double": "float64", "float16": "float16", "bool": "bool"}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def refusal(specs: tuple[TensorSpec, ...], inputs: Any) -> str:
    with pytest.raises(Refused) as refused:
        batch(specs, inputs)
    return refused.value.code


@pytest.mark.parametrize(
    "dtype",
    ["float", "double", "float16", "bool", "string"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)],
)
def test_every_dtype_of_a_signature_can_be_sent(dtype: str) -> None:
    value: Any = {"bool": True, "string": "a"}.get(dtype, 1)
    read = batch((TensorSpec("x", dtype, (None,)),), [value, value])
    assert read.rows == 2
    assert read.inputs["x"].dtype == ("object" if dtype == "string" else NUMPY_OF.get(dtype, dtype))
    assert read.inputs["x"].tolist() == [value, value]


def test_rows_columns_and_records_are_one_request() -> None:
    ways: list[Any] = [
        [[41, "Ulm"], [7, "Bonn"]],
        {"age": [41, 7], "city": ["Ulm", "Bonn"]},
        {"age": [[41], [7]], "city": [["Ulm"], ["Bonn"]]},
        [{"age": 41, "city": "Ulm"}, {"age": 7, "city": "Bonn"}],
    ]
    for inputs in ways:
        read = batch(TABLE, inputs)
        assert read.rows == 2
        assert read.inputs["age"].tolist() == [[41], [7]]
        assert read.inputs["city"].tolist() == [["Ulm"], ["Bonn"]]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ([], "LD413"),
        ([[1, 2], [3]], "LD413"),
        ([[1, 2], 3], "LD413"),
        ([1, 2], "LD413"),
        ([[[1, 2]]], "LD413"),
        ([[]], "LD413"),
        ([[1, "2"]], "LD412"),
        ([[1, None]], "LD412"),
        ([[1, True]], "LD412"),
        ([[1, {}]], "LD412"),
        ([[1, 1e39]], "LD414"),
        ([[1, 10**400]], "LD414"),
        ([[1, float("nan")]], "LD414"),
        ("text", "LD410"),
        (None, "LD410"),
        ({"y": [[1, 2]]}, "LD411"),
        ({}, "LD411"),
        ([{"y": [1, 2]}], "LD411"),
    ],
)
def test_what_does_not_fit_is_refused(inputs: Any, code: str) -> None:
    assert refusal(ROWS_OF_TWO, inputs) == code


@pytest.mark.parametrize(
    ("dtype", "value", "code"),
    [
        ("int8", 128, "LD414"),
        ("uint8", -1, "LD414"),
        ("uint64", 2**64, "LD414"),
        ("int64", 1.5, "LD412"),
        ("int64", 1e300, "LD412"),
        ("int64", float("inf"), "LD412"),
        ("bool", 1, "LD412"),
        ("string", 1, "LD412"),
    ],
)
def test_a_number_stays_within_its_type(dtype: str, value: Any, code: str) -> None:
    assert refusal((TensorSpec("x", dtype, (None,)),), [value]) == code


def test_an_integer_may_be_written_with_a_point() -> None:
    assert batch((TensorSpec("x", "int64", (None,)),), [3.0]).inputs["x"].tolist() == [3]


def test_columns_of_unequal_length_are_refused() -> None:
    assert refusal(TABLE, {"age": [1, 2], "city": ["Ulm"]}) == "LD413"


def test_one_long_text_does_not_take_memory_for_every_number() -> None:
    """numpy's own guess would make a column of the widest string: here 4 GB."""
    rows: list[Any] = [[1, 2]] * 1000 + [[1, "x" * 1_000_000]]
    assert refusal(ROWS_OF_TWO, rows) == "LD412"


def test_a_request_holds_at_most_a_hundred_thousand_rows() -> None:
    assert refusal((TensorSpec("x", "float", (None,)),), [1] * 100_001) == "LD416"


@given(json_values, st.sampled_from([ROWS_OF_TWO, TABLE, (TensorSpec("x", "bool", ()),)]))
def test_any_json_is_either_typed_right_or_refused(
    inputs: Any, specs: tuple[TensorSpec, ...]
) -> None:
    try:
        read = batch(specs, inputs)
    except Refused:
        return
    for spec in specs:
        array = read.inputs[spec.name]
        assert array.dtype == (
            "object" if spec.dtype == "string" else NUMPY_OF.get(spec.dtype, spec.dtype)
        )
        assert array.dtype.kind != "f" or np.isfinite(array).all()


@given(st.integers(min_value=0).map(lambda n: f"¤{n}"))
def test_a_refusal_never_repeats_what_was_sent(text: str) -> None:
    sent: list[Any] = [[[text, 1]], {text: [[1, 2]]}, [{text: 1}], text]
    for inputs in sent:
        with pytest.raises(Refused) as refused:
            batch(ROWS_OF_TWO, inputs)
        assert "¤" not in refused.value.detail
