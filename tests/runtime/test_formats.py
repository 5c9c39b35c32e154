"""One model, five formats in and out: the same numbers, the same refusals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ladle.disk.clock import SystemClock
from ladle.experiments.manifest import TensorSpec
from ladle_runtime.serving import hot_route
from ladle_runtime.serving.answer import Answer
from ladle_runtime.serving.codecs import npy
from ladle_runtime.serving.codecs.base import json_object
from ladle_runtime.serving.codecs.formats import FORMATS
from ladle_runtime.serving.codecs.number_rows import rows_of_numbers
from ladle_runtime.serving.problems import Refused
from ladle_runtime.serving.service import Service, load_service
from ladle_runtime.serving.settings import Settings
from ladle_runtime.serving.signature import batch

X = np.array([[1, 2, 3, 4], [0, 0, 0, 0]], dtype=np.float32)
RAW, NPY, CSV = "application/octet-stream", "application/x-npy", "text/csv"


class Silent:
    """An event log for those who look elsewhere."""

    def write(self, line: Any, outcomes: Any) -> None:
        return


@pytest.fixture(scope="module")
def service(environment: Mapping[str, str]) -> Service:
    return load_service(Settings.from_environment(environment), SystemClock(), Silent())


def saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def ask(service: Service, body: bytes, kind: str, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    every = {"content-type": kind, **named}
    return hot_route.predict(body, {k.encode(): v.encode() for k, v in every.items()}, service)


BODIES: dict[str, tuple[bytes, str, dict[str, str]]] = {
    "JSON": (json.dumps({"inputs": X.tolist()}).encode(), "application/json", {}),
    "raw": (X.tobytes(), RAW, {"ladle_shape": "2,4"}),
    "npy": (saved(X), NPY, {}),
    "npy of doubles": (saved(X.astype(np.float64)), NPY, {}),
    "npy in Fortran's order": (saved(np.asfortranarray(X)), NPY, {}),
    "npy from a big-endian machine": (saved(X.astype(">f4")), NPY, {}),
    "CSV": (b"1,2,3,4\r\n0,0,0,0\r\n", CSV, {}),
    "CSV with names": (b"a,b,c,d\n1,2.0,3e0,4\n0,0,0,0\n", CSV + "; header=present", {}),
}


@pytest.mark.parametrize("name", BODIES)
def test_every_format_says_the_same(service: Service, name: str) -> None:
    body, kind, headers = BODIES[name]
    answer = json.loads(ask(service, body, kind, **headers).body)
    assert [row["label"] for row in answer["predictions"]] == [2, 0]


def test_an_array_is_answered_as_it_was_asked(service: Service) -> None:
    body, kind, headers = BODIES["raw"]
    answer = ask(service, body, kind, accept=RAW, ladle_output="probabilities", **headers)
    found = np.frombuffer(answer.body, "<f4").reshape(2, 3)
    told = dict(answer.headers)
    assert (told["ladle-shape"], told["ladle-dtype"]) == ("2,3", "float32")
    assert len(set(told["ladle-prediction-id"].split(","))) == 2
    npy_answer = ask(service, saved(X), NPY, accept=NPY, ladle_output="probabilities")
    np.testing.assert_array_equal(np.load(io.BytesIO(npy_answer.body), allow_pickle=False), found)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_a_table_has_a_line_for_each_row_with_its_id(service: Service) -> None:
    body, kind, _ = BODIES["CSV"]
    answer = ask(service, body, kind, accept="text/csv, */*")
    head, *rows = csv.reader(io.StringIO(answer.body.decode(), newline=""))
    assert head[:3] == ["prediction_id", "label", "probabilities.0"]
    assert [row[1] for row in rows] == ["2", "0"]
    assert len({row[0] for row in rows}) == 2


def test_one_of_several_outputs_must_be_named(service: Service) -> None:
    body, kind, headers = BODIES["raw"]
    answer = ask(service, body, kind, accept=RAW, **headers)
    assert (answer.status, json.loads(answer.body)["code"]) == (406, "LD407")


HOSTILE: dict[str, tuple[bytes, str, dict[str, str]]] = {
    "raw without a shape": (X.tobytes(), RAW, {}),
    "raw, a longer shape": (X.tobytes(), RAW, {"ladle_shape": "3,4"}),
    "raw, a huge shape": (X.tobytes(), RAW, {"ladle_shape": "999999999,999999999,999999999"}),
    "raw, no shape at all": (X.tobytes(), RAW, {"ladle_shape": "2,-4"}),
    "raw, other sizes": (X.tobytes(), RAW, {"ladle_shape": "4,2"}),
    "raw, nothing": (b"", RAW, {"ladle_shape": "0,4"}),
    "raw, NaN": ((X * np.nan).tobytes(), RAW, {"ladle_shape": "2,4"}),
    "npy, infinity": (saved(np.full((1, 4), np.inf)), NPY, {}),
    "npy, too large for float32": (saved(np.full((1, 4), 1e300)), NPY, {}),
    "npy of integers": (saved(X.astype(np.int64)), NPY, {}),
    "npy of text": (saved(np.array([["a"] * 4])), NPY, {}),
    "npy of objects": (
        b"\x93NUMPY\x01\x00\x36\x00{'descr': '|O', 'fortran_order': False, "
        b"'shape': (1, 4), }\n" + b"x" * 99,
        NPY,
        {},
    ),
    "npy, code for a header": (b"\x93NUMPY\x01\x00\x10\x00__import__('os')" + b"x" * 99, NPY, {}),
    "npy, cut off": (saved(X)[:-1], NPY, {}),
    "npy, head alone": (saved(X)[:9], NPY, {}),
    "npy, nothing": (b"", NPY, {}),
    "CSV, no numbers": (b"1,2,3,x", CSV, {}),
    "CSV, NaN": (b"1,2,3,nan", CSV, {}),
    "CSV, python's numbers": (b"1,2,3,1_000", CSV, {}),
    "CSV, 1e400": (b"1,2,3,1e400", CSV, {}),
    "CSV, ragged": (b"1,2,3,4\n1", CSV, {}),
    "CSV, nothing": (b"\n\n", CSV, {}),
    "CSV, not UTF-8": (b"1,2,3,\xff", CSV, {}),
    "CSV, an open quote": (b'1,2,3,"4', CSV, {}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused(service: Service, name: str) -> None:
    body, kind, headers = HOSTILE[name]
    answer = ask(service, body, kind, **headers)
    assert answer.status in {400, 422}
    assert json.loads(answer.body)["code"].startswith("LD4")


@given(
    body=st.binary(max_size=200), kind=st.sampled_from(sorted(FORMATS)), shape=st.text(max_size=9)
)
def test_any_bytes_in_any_format_are_answered_or_refused(
    service: Service, body: bytes, kind: str, shape: str
) -> None:
    headers = {b"content-type": kind.encode(), b"ladle-shape": shape.encode("utf-8", "replace")}
    assert hot_route.predict(body, headers, service).status in {200, 400, 415, 422}


@given(
    arrays.arrays(
        st.sampled_from(["<f4", ">f8", "<i8", "|u1", "|b1", "<U3"]),
        arrays.array_shapes(min_dims=0, max_dims=4, max_side=4),
    )
)
def test_npy_is_read_as_numpy_reads_it(array: np.ndarray) -> None:
    read = npy.read(saved(array))
    np.testing.assert_array_equal(read, array)
    assert (read.dtype, read.shape) == (array.dtype, array.shape)


SPEC = (TensorSpec("x", "float", (None, 2)),)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
almost = st.lists(
    st.lists(numbers | st.booleans() | st.none() | st.just([]) | st.just([1, 2]), max_size=3),
    max_size=4,
)


@given(rows=st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=4) | almost)
def test_the_quick_way_and_the_long_way_read_the_same(rows: Any) -> None:
    body = json.dumps({"inputs": rows}).encode()
    quick = rows_of_numbers(body, SPEC)
    if quick is None:
        return
    long = batch(SPEC, json_object(body)["inputs"])
    np.testing.assert_array_equal(quick.inputs["x"], long.inputs["x"])
    assert (quick.rows, quick.inputs["x"].dtype) == (long.rows, long.inputs["x"].dtype)


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs": [[1, 2]], "inputs": [[3, 4]]}',
        b'{"inputs": [[1, 2]], "\\u0069nputs": [[3, 4]]}',
        b'{"inputs": [[[], [1, 2]]]}',
        b'{"inputs": [[1, 2, 3], [4], [5, 6]]}',
        b'{"inputs": [[true, 2]]}',
        b'{"inputs": {"x": [[1, 2]]}}',
        b'{"inputs": [[1, 1e39]]}',
        b"[[1, 2]]",
        b'{"inputs": "ab"}',
        b"",
    ],
)
def test_the_quick_way_leaves_what_is_unusual_to_the_long_way(body: bytes) -> None:
    assert rows_of_numbers(body, SPEC) is None


def test_the_quick_way_is_taken() -> None:
    assert rows_of_numbers(b'{"inputs": [[1, 2.5]]}', SPEC) is not None


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="needs that pyarrow is absent")
def test_arrow_without_pyarrow_is_refused_with_its_mend(service: Service) -> None:
    answer = ask(service, b"", "application/vnd.apache.arrow.stream")
    problem = json.loads(answer.body)
    assert (answer.status, problem["code"]) == (415, "LD415")
    assert "pyarrow" in problem["detail"]


def test_a_wrong_type_names_what_is_right() -> None:
    with pytest.raises(Refused) as refused:
        npy.NpyArray().decode(saved(X.astype(np.int32)), (TensorSpec("x", "float", (None, 4)),))
    assert "float" in refused.value.detail
