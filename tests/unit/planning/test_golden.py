"""A golden answer is compared where it speaks, and each difference says its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.planning.golden import differences

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_an_answer_is_no_different_from_itself(value: Any) -> None:
    assert list(differences(value, value)) == []


@given(st.dictionaries(st.text(max_size=3), values, max_size=3), st.text(min_size=4))
def test_what_is_not_mentioned_may_be_anything(wanted: dict[str, Any], more: str) -> None:
    assert list(differences(wanted, {**wanted, more: object()})) == []


@pytest.mark.parametrize(
    ("wanted", "got", "said"),
    [
        ({"a": [{"b": 3}]}, {"a": [{"b": 5}]}, ["a[0].b is 5, not 3"]),
        ({"a": 1, "b": 2}, {"b": 2}, ["a is missing"]),
        ({"a": [1, 2]}, {"a": [1]}, ["a has 1 items, not 2"]),
        ({"a": True}, {"a": 1}, ["a is 1, not True"]),
        ({"a": 1}, {"a": True}, ["a is True, not 1"]),
        ({"a": "1"}, {"a": 1}, ["a is 1, not '1'"]),
        ({"a": 0.5}, {"a": None}, ["a is None, not 0.5"]),
        (3, 5, ["the answer is 5, not 3"]),
        ({"a": 0.9}, {"a": 0.90001}, []),
        ({"a": 0.9}, {"a": 0.91}, ["a is 0.91, not 0.9"]),
        ({"a": 1.0}, {"a": 1}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1, "b": 1}, {"a": 2, "b": 2}, ["a is 2, not 1", "b is 2, not 1"]),
    ],
)
def test_a_difference_says_its_place(wanted: Any, got: Any, said: list[str]) -> None:
    assert list(differences(wanted, got)) == said


def test_the_tolerance_is_relative() -> None:
    assert list(differences(1000.0, 1009.0, tolerance=0.01)) == []
    assert list(differences(1000.0, 1011.0, tolerance=0.01)) != []
