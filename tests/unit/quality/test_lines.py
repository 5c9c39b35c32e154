"""The lines that serving prints and the collector reads."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from ladle.quality.labels import PredictionRows
from ladle.quality.lines import (
    MAX_REQUEST_BYTES,
    MAX_ROWS_BYTES,
    RequestLine,
    RequestOutcome,
    format_request,
    format_rows,
    looks_like,
    parse,
)

KEY = b"k" * 32
LINE = RequestLine(
    "fraud", 7, "A" * 22, 1_790_000_000.125, RequestOutcome.OK, 200, 12.5, 3, False, 60.0
)
label_values = (
    st.text(max_size=200)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)


@given(outcome=st.sampled_from(RequestOutcome), cold=st.booleans(), rows=st.integers(0, 10**6))
def test_a_request_line_is_read_back_as_it_was(
    outcome: RequestOutcome, cold: bool, rows: int
) -> None:
    line = LINE._replace(outcome=outcome, cold=cold, rows=rows)
    text = format_request(line, KEY)
    assert parse(text, KEY) == line
    assert len(text) <= MAX_REQUEST_BYTES


@given(outcomes=st.lists(label_values, min_size=1, max_size=300))
def test_row_lines_stand_for_themselves_and_hold_every_outcome_once(
    outcomes: list[str | int | float | bool],
) -> None:
    line = LINE._replace(rows=len(outcomes))
    texts = list(format_rows(line, outcomes, KEY))
    read = [parse(text, KEY) for text in texts]
    assert all(len(text.encode()) <= MAX_ROWS_BYTES for text in texts)
    rows = [r for r in read if isinstance(r, PredictionRows)]
    assert len(rows) == len(texts)
    assert [o for r in rows for o in r.outcomes] == outcomes
    for row in rows:
        assert (row.model, row.release, row.request_id) == ("fraud", 7, "A" * 22)
        assert (row.window_start, row.total_rows) == (1_789_999_980.0, len(outcomes))


@given(position=st.integers(0, 10**6), other=st.characters())
def test_no_changed_line_is_believed(position: int, other: str) -> None:
    text = format_request(LINE, KEY)
    at = position % len(text)
    assume(text[at] != other)
    changed = text[:at] + other + text[at + 1 :]
    assume(changed.strip() != text)
    assert parse(changed, KEY) is None


@given(st.text() | st.text().map('{"ladle":1,'.__add__) | st.text().map('{"ladle":2,'.__add__))
def test_no_printed_text_is_believed_or_harms(text: str) -> None:
    assert parse(text, KEY) is None


def test_another_models_key_signs_nothing() -> None:
    text = format_request(LINE, b"o" * 32)
    assert looks_like(text)
    assert parse(text, KEY) is None
