"""Labels in files of each format are the same labels; a row that is none stops nothing."""

from __future__ import annotations

import io
import json
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.errors import Finding, LadleError
from ladle.quality.labels import LabelValue, written
from ladle.quality.new_label import NewLabel
from ladle.tools.label_files import read_labels, value_of

ID = "A" * 22 + ".3"


def read(name: str, content: str | bytes) -> list[NewLabel | Finding]:
    raw = content.encode() if isinstance(content, str) else content
    return list(read_labels(name, io.BytesIO(raw)))


def label(value: LabelValue) -> NewLabel:
    return NewLabel("A" * 22, 3, value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.csv", f"prediction_id,label\n{ID},cat\n{ID},2\n"),
        ("LABELS.CSV", f'\ufefflabel,note,prediction_id\ncat,"a, b",{ID}\n2,,{ID}\n'),
        ("labels.tsv", f"prediction_id\tlabel\n{ID}\tcat\n{ID}\t2\n"),
        (
            "labels.jsonl",
            f'{{"prediction_id":"{ID}","label":"cat"}}\n\n{{"prediction_id":"{ID}","label":2}}\n',
        ),
    ],
)
def test_each_format_holds_the_same_labels(name: str, content: str) -> None:
    assert read(name, content) == [label("cat"), label(2)]


def test_parquet_holds_the_same_labels() -> None:
    pa, pq = (
        pytest.importorskip(m, reason="needs pyarrow") for m in ("pyarrow", "pyarrow.parquet")
    )
    file = io.BytesIO()
    pq.write_table(pa.table({"prediction_id": [ID, ID], "label": [1, 2], "more": [0, 0]}), file)
    assert read("labels.parquet", file.getvalue()) == [label(1), label(2)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-2.5", -2.5),
        ("true", True),
        ("007", "007"),
        ("1.10", "1.10"),
        ("NaN", "NaN"),
        ("null", "null"),
        ('"3"', '"3"'),
        ("cat", "cat"),
    ],
)
def test_a_cell_is_a_number_only_where_it_is_written_as_one(text: str, value: LabelValue) -> None:
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


@given(st.text(max_size=20))
def test_a_cell_is_still_written_as_it_was(text: str) -> None:
    assert written(value_of(text)) == text.strip()


def test_rows_that_are_no_labels_are_named_and_the_others_are_read() -> None:
    rows = [
        json.dumps({"prediction_id": ID, "label": 1}),
        "no json",
        json.dumps([1]),
        json.dumps({"prediction_id": "x", "label": 1}),
        json.dumps({"prediction_id": ID, "label": None}),
        json.dumps({"prediction_id": ID, "label": 2}),
    ]
    found = read("labels.jsonl", "\n".join(rows))
    assert [row.code if isinstance(row, Finding) else row.value for row in found] == [
        1,
        "LD605",
        "LD605",
        "LD602",
        "LD605",
        2,
    ]


def test_a_row_of_csv_that_is_too_short_is_named() -> None:
    (found,) = read("labels.csv", f"prediction_id,label\n{ID}\n")
    assert isinstance(found, Finding)
    assert found.what == "row 1 is no label"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("labels.xlsx", b"", "ending"),
        ("labels.csv", b"id,label\n", "no column prediction_id"),
        ("labels.csv", b"", "no column prediction_id and no column label"),
        ("labels.csv", b"prediction_id,label\n\xff\xfe,1\n", "utf-8"),
    ],
)
def test_what_is_no_table_of_labels_is_said(name: str, content: bytes, why: str) -> None:
    with pytest.raises(LadleError, match=rf"LD613.*{why}"):
        read(name, content)


def test_bytes_that_are_no_parquet_are_said() -> None:
    pytest.importorskip("pyarrow", reason="needs pyarrow")
    with pytest.raises(LadleError, match="LD613"):
        read("labels.parquet", b"no parquet")


@pytest.mark.skipif(find_spec("pyarrow") is not None, reason="needs that pyarrow is absent")
def test_without_pyarrow_parquet_is_refused_with_what_to_do() -> None:
    with pytest.raises(LadleError, match=r"LD614.*pyarrow"):
        read("labels.parquet", b"PAR1")
