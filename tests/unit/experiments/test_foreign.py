"""Names, numbers and digests of other tools, whatever is written in their files."""

from __future__ import annotations

import hashlib
import json
import posixpath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ladle.actions.hash_cached import UnixTextMd5
from ladle.config.checks import NAME
from ladle.errors import LadleError, Place
from ladle.experiments.foreign import (
    Step,
    inner_path,
    model_among,
    model_name,
    numbers,
    steps_content,
)

HERE = Place("dvc.lock")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text(alphabet="ab./\\\0é\ud800") | st.none() | st.integers())
@example("a/../b")
@example("/etc/passwd")
@example("a//b")
def test_a_path_stays_inside_or_is_refused(name: object) -> None:
    try:
        path = inner_path(name, HERE)
    except LadleError as refusal:
        assert refusal.code == "LD392"  # noqa: PT017 - both ends of the property
    else:
        assert path == name
        assert posixpath.normpath(posixpath.join("/inside", path)) == f"/inside/{path}"
        path.encode()


@given(st.text())
@example("Fraud detection (v2)")
@example("2024-churn")
def test_any_words_are_the_name_of_a_model_or_are_refused(words: str) -> None:
    try:
        assert NAME.fullmatch(model_name(words))
    except LadleError as refusal:
        assert refusal.code == "LD331"  # noqa: PT017 - both ends of the property


def test_a_name_reads_like_what_it_is_made_of() -> None:
    assert model_name("Fraud detection (v2)") == "fraud-detection-v2"
    assert model_name("2024-churn") == "churn"
    assert model_name("whatever", "fraud") == "fraud"


@given(st.binary(), st.lists(st.integers(0, 40)))
@example(b"a\r\nb\r", [2])
@example(b"\r\r\n\n", [1, 1])
def test_the_md5_of_a_unix_text_does_not_depend_on_how_it_is_read(
    content: bytes, sizes: list[int]
) -> None:
    read, left = UnixTextMd5(), content
    for size in sizes:
        read.update(left[:size])
        left = left[size:]
    read.update(left)
    assert read.hexdigest() == hashlib.md5(content.replace(b"\r\n", b"\n")).hexdigest()


@given(JSON)
def test_every_number_found_is_finite_and_no_truth_value(value: object) -> None:
    found = dict(numbers(value))
    json.dumps(found, allow_nan=False)
    assert all(type(number) is float for number in found.values())


def test_numbers_are_named_by_their_path() -> None:
    said = {"a": {"b": 1, "c": [2, {"d": 3}]}, "e": "4", "f": True, "g": float("nan")}
    assert dict(numbers(said)) == {"a.b": 1.0, "a.c.0": 2.0, "a.c.1.d": 3.0}


def test_a_number_too_large_for_a_float_is_left_out() -> None:
    assert dict(numbers({"a": 10**400, "b": 1})) == {"b": 1.0}


@given(st.lists(st.builds(Step, st.sampled_from("abc"), st.integers(0, 5), st.floats(-9, 9))))
def test_no_step_is_lost_and_steps_are_in_order(steps: list[Step]) -> None:
    rows = [json.loads(line) for line in steps_content(steps).splitlines()]
    told = [(k, r["step"], v) for r in rows for k, v in r.items() if k != "step"]
    assert sorted(told) == sorted((s.name, s.step, s.value) for s in steps)
    assert [r["step"] for r in rows] == sorted(r["step"] for r in rows)


def test_a_metric_called_step_is_told_apart() -> None:
    rows = [json.loads(line) for line in steps_content([Step("step", 3, 0.5)]).splitlines()]
    assert rows == [{"step": 3, "metric step": 0.5}]


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        ({"out": ["a.txt"]}, None),
        ({"out": ["a.txt", "m/Model.ONNX"]}, ("out", "m/Model.ONNX")),
        ({"model.onnx": [""]}, ("model.onnx", "")),
        ({"a": ["1.onnx"], "b": ["2.onnx"]}, None),
    ],
)
def test_the_model_is_the_one_onnx_file(
    paths: dict[str, list[str]], chosen: tuple[str, str] | None
) -> None:
    found, notes = model_among(paths, "run 1")
    assert found == chosen
    assert bool(notes) == (sum(map(len, paths.values())) == 2 and "b" in paths)
