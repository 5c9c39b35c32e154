"""What a predict.py says is read from its text; nothing in it runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.errors import LadleError
from ladle.experiments.predict_code import read_predict_code
from ladle.experiments.signature import Signature, TensorSpec

GOOD = """
raise SystemExit("nobody runs this")
INPUTS: list = [{"name": "x", "dtype": "float", "shape": [None, 4]}]
OUTPUTS = [{"name": "y", "dtype": "int64", "shape": [None]}]
FILES = ("weights.npz", "more/words.txt")
def predict(inputs):
    return {}
"""


def test_its_signature_and_its_files_are_read_and_nothing_is_run() -> None:
    read = read_predict_code(GOOD.encode())
    assert read.signature == Signature(
        (TensorSpec("x", "float", (None, 4)),), (TensorSpec("y", "int64", (None,)),)
    )
    assert read.files == ("weights.npz", "more/words.txt")


def test_it_says_which_input_takes_missing_values() -> None:
    said = GOOD.replace("[None, 4]}", '[None, 4], "missing": True}')
    (spec,) = read_predict_code(said.encode()).signature.inputs
    assert spec == TensorSpec("x", "float", (None, 4), missing=True)
    assert TensorSpec.from_json(spec.to_json()) == spec


def test_a_signature_without_missing_values_reads_as_it_always_did() -> None:
    said = read_predict_code(GOOD.encode()).signature.to_json()
    assert said["inputs"] == ({"name": "x", "dtype": "float", "shape": (None, 4)},)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("def predict", "def other", "no function predict"),
        ("OUTPUTS =", "OTHER =", "OUTPUTS"),
        ("[None, 4]}]", "[None, WIDTH]}]", "computed"),
        ('[{"name": "y", "dtype": "int64", "shape": [None]}]', "[1]", "no list of objects"),
        ('"dtype": "float", ', "", "dtype"),
        ('"int64", ', '"int64", "missing": True, ', "no missing values"),
        ("weights.npz", "../weights.npz", "leaves the model package"),
        ("weights.npz", "/weights.npz", "leaves the model package"),
        ("def predict(inputs):", "def predict(inputs)", "no Python"),
    ],
)
def test_what_is_wrong_with_it_is_said(old: str, new: str, why: str) -> None:
    assert old in GOOD
    with pytest.raises(LadleError) as error:
        read_predict_code(GOOD.replace(old, new).encode())
    assert error.value.code == "LD337"
    assert why in str(error.value)


@given(st.binary(max_size=300), st.integers(0, len(GOOD)))
def test_no_bytes_make_it_raise_anything_else(patch: bytes, at: int) -> None:
    try:
        read_predict_code(GOOD[:at].encode() + patch + GOOD[at:].encode())
    except LadleError as error:
        assert error.code == "LD337"  # noqa: PT017 - most patches are refused, some are comments
