"""A line of a log as a person reads it, and which lines a wish takes."""

from __future__ import annotations

import json

from ladle.cli.captured_rows import json_lines, rows_of
from ladle.cli.logs import Wish, text_of
from ladle.ports import LoggedLine
from ladle.quality.lines import (
    RequestLine,
    RequestOutcome,
    format_captured,
    format_request,
    format_rows,
)

AT = 1_795_000_000.25
STREAM = "2026/11/23/[7]abc"


def logged(text: str, stream: str = STREAM) -> LoggedLine:
    return LoggedLine("1", AT, stream, text)


def request_line(outcome: RequestOutcome, status: int) -> RequestLine:
    return RequestLine("fraud", 8, "4f2a", AT, outcome, status, 3.25, 2, True, 60.0)


OK = logged(format_request(request_line(RequestOutcome.OK, 200), b"key"))
FAILED = logged(format_request(request_line(RequestOutcome.FAILED, 500), b"key"))
TIMED_OUT = logged(
    "2026-11-23T10:00:00Z 4f2a1111-2222-3333-4444-555566667777 Task timed out after 5.00 seconds"
)
PRINTED = logged("loading the table")
ASKED = '{"in":{"who":"\\u001b[2J"},"out":{"label":3}}'
CAPTURED = logged(next(format_captured("fraud", 8, "4f2a", AT, [ASKED, "v" * 20_000], b"key")))


def test_a_request_is_told_with_its_release_outcome_and_time() -> None:
    assert text_of(OK) == (
        "11-18 11:06:40.250  release 8   ok        200       3.2 ms  2 rows, cold start  4f2a"
    )


def test_rows_are_told_by_their_span() -> None:
    rows = logged(next(format_rows(request_line(RequestOutcome.OK, 200), ["a", "b"], b"key")))
    assert text_of(rows).endswith("release 8   predicted  rows 0 to 1  4f2a")


def test_what_a_model_prints_stands_as_it_is_under_the_release_of_its_stream() -> None:
    assert text_of(PRINTED).endswith("release 7   loading the table")


def test_a_line_that_looks_like_ours_and_is_none_is_shown_as_it_is() -> None:
    assert text_of(logged('{"ladle":1,"m":')).endswith('release 7   {"ladle":1,"m":')


def test_failures_are_requests_that_failed_and_what_the_platform_says_of_them() -> None:
    lines = (OK, FAILED, TIMED_OUT, PRINTED)
    assert [line for line in lines if Wish(failed=True).takes(line)] == [FAILED, TIMED_OUT]


def test_a_release_is_that_of_the_line_or_else_of_its_stream() -> None:
    assert Wish(release=8).takes(OK)
    assert not Wish(release=7).takes(OK)
    assert Wish(release=7).takes(PRINTED)
    assert Wish(release=9).takes(logged("a print", "2026/11/23/ladle-fraud_8[1]9d2c"))


def test_an_id_is_looked_for_in_the_whole_line() -> None:
    assert Wish(request="4f2a").takes(OK)
    assert not Wish(request="beef").takes(OK)


def test_captured_rows_are_told_by_their_span_and_taken_away_as_json() -> None:
    assert text_of(CAPTURED).endswith("release 8   captured   rows 0 to 1  4f2a")
    first, second = map(json.loads, json_lines(CAPTURED))
    place = {"release": 8, "request_id": "4f2a", "at": AT}
    assert first == {**place, "row": 0, "in": {"who": "\x1b[2J"}, "out": {"label": 3}}
    assert second == {**place, "row": 1, "left_out": True}
    assert all(text.isprintable() for text in json_lines(CAPTURED))


def test_who_wants_captured_rows_gets_no_other_line() -> None:
    lines = (OK, FAILED, TIMED_OUT, PRINTED, CAPTURED)
    assert [line for line in lines if Wish(captured=True).takes(line)] == [CAPTURED]
    assert not Wish(captured=True, release=7).takes(CAPTURED)
    assert not Wish(captured=True, request="beef").takes(CAPTURED)


def test_what_only_looks_like_a_captured_row_has_none() -> None:
    for rows in ('"abc"', "[1]", "3", "null"):
        forged = '{"ladle":4,"m":"fraud","r":8,"id":"4f2a","t":1,"n":1,"f":0,"y":' + rows + "}"
        assert list(rows_of(logged(forged))) == []
