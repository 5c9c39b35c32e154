"""What one delivery of a log stream says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.quality import platform_lines
from ladle.quality.counts import Counts, WindowKey, latency_bin
from ladle.quality.delivery import LogEvent, Reading, Source, read
from ladle.quality.lines import RequestLine, RequestOutcome, format_request, format_rows

KEY = b"k" * 32
AT = 1_790_000_000.0
WINDOW = WindowKey("fraud", 7, 1_789_999_980.0)
FIRST, SECOND = "6f1d2c3b-0000-4000-8000-000000000001", "6f1d2c3b-0000-4000-8000-000000000002"


def ours(
    outcome: RequestOutcome = RequestOutcome.OK,
    cold: bool = False,
    release: int = 7,
    key: bytes = KEY,
    model: str = "fraud",
) -> str:
    line = RequestLine(model, release, "A" * 22, AT, outcome, 200, 12.5, 2, cold, 60.0)
    return format_request(line, key)


def reading(*messages: str, release: int | None = 7) -> Reading:
    events = [LogEvent(str(i), AT, message) for i, message in enumerate(messages)]
    return read(events, Source("fraud", release, [KEY], 60.0))


def added(found: Reading) -> Counts:
    """All that the delivery adds to the one window."""
    every = [found.counts, *found.failures.values()]
    assert {key for counts in every for key in counts} <= {WINDOW}
    return sum((counts[WINDOW] for counts in every if counts), Counts())


def test_a_request_counts_once_with_its_outcome_and_its_warm_latency() -> None:
    found = reading(
        ours(),
        ours(cold=True),
        ours(RequestOutcome.FAILED),
        ours(RequestOutcome.REJECTED),
    )
    assert added(found) == Counts(requests=4, failed=1, rejected=1, latency={latency_bin(12.5): 1})


def test_rows_are_kept_for_their_labels() -> None:
    line = RequestLine("fraud", 7, "A" * 22, AT, RequestOutcome.OK, 200, 1.0, 2, False, 60.0)
    (rows,) = reading(*format_rows(line, ["cat", "dog"], KEY)).rows
    assert rows.outcomes == ("cat", "dog")


@pytest.mark.parametrize(
    "line",
    [
        ours(key=b"x" * 32),
        ours(release=8),
        ours(model="other"),
        ours()[:-4] + 'a"}',
    ],
    ids=["another key", "another release than the stream's", "another model", "changed"],
)
def test_a_forged_line_is_ignored_and_counted(line: str) -> None:
    found = reading(line)
    assert added(found) == Counts()
    assert found.forged == 1


def test_a_users_print_is_neither_counted_nor_called_forged() -> None:
    found = reading("loading…", '{"level": "info"}', "Status: error", "")
    assert added(found) == Counts()
    assert found.forged == 0


@pytest.mark.parametrize(
    "lines",
    [
        [f"2026-11-23T10:00:03.000Z {FIRST} Task timed out after 3.00 seconds"],
        [f"START RequestId: {FIRST} Version: 7", "Task timed out after 1.00 seconds"],
        [f"RequestId: {FIRST} Error: Runtime exited with error: signal: killed Runtime.ExitError"],
        [f"RequestId: {FIRST} Error: the process was killed\nRuntime.OutOfMemory"],
        [f"REPORT RequestId: {FIRST}\tDuration: 3000.00 ms\tMemory: 1\tStatus: timeout"],
        [f"REPORT RequestId: {FIRST}\tStatus: error\tError Type: Runtime.OutOfMemory"],
        ["INIT_REPORT Init Duration: 9999.90 ms\tPhase: init\tStatus: timeout"],
        [f"INIT_REPORT RequestId: {FIRST} Phase: invoke Status: error Error Type: Runtime.X"],
    ],
)
def test_what_our_code_could_not_report_is_a_failed_request(lines: list[str]) -> None:
    assert added(reading(*lines)) == Counts(requests=1, failed=1)


def test_a_request_fails_at_most_once_whatever_is_written_about_it() -> None:
    found = reading(
        f"START RequestId: {FIRST} Version: 7",
        f"2026-11-23T10:00:03.000Z {FIRST} Task timed out after 3.00 seconds",
        f"RequestId: {FIRST} Error: Runtime exited with error: signal: killed",
        f"REPORT RequestId: {FIRST}\tStatus: timeout",
        "INIT_REPORT Init Duration: 12 ms\tPhase: init\tStatus: error",
        f"START RequestId: {SECOND} Version: 7",
        ours(),
        f"REPORT RequestId: {SECOND}\tDuration: 2 ms",
    )
    assert added(found) == Counts(requests=2, failed=1, latency={latency_bin(12.5): 1})


def test_a_request_that_answered_and_then_timed_out_is_one_failed_request() -> None:
    found = reading(
        f"START RequestId: {FIRST} Version: 7", ours(), "Task timed out after 1.00 seconds"
    )
    total = added(found)
    assert (total.requests, total.failed) == (1, 1)


def test_a_request_that_reported_its_own_failure_fails_once() -> None:
    found = reading(
        f"START RequestId: {FIRST} Version: 7",
        ours(RequestOutcome.FAILED),
        f"REPORT RequestId: {FIRST}\tStatus: error",
    )
    total = added(found)
    assert (total.requests, total.failed) == (1, 1)


def test_the_same_failure_in_two_deliveries_has_one_id() -> None:
    first = reading(f"2026-11-23T10:00:03.000Z {FIRST} Task timed out after 3.00 seconds")
    second = reading(f"REPORT RequestId: {FIRST}\tStatus: timeout")
    assert first.failures.keys() == second.failures.keys() == {FIRST}


def test_the_arm_is_read_from_the_streams_name() -> None:
    assert platform_lines.release_of("2026/11/23/[7]0123abcd") == 7
    assert platform_lines.release_of("2026/11/23/[$LATEST]0123abcd") == 0
    assert platform_lines.release_of("release-7/i-0123abcd") == 7
    assert platform_lines.release_of("2026/11/23/ladle-fraud[7]0123abcd") == 7
    assert platform_lines.release_of("2026/11/23/ladle-fraud[7][0123abcd]") == 7
    assert platform_lines.release_of("somewhere") is None


def test_a_function_of_a_later_home_counts_on_in_its_streams_name() -> None:
    assert platform_lines.release_of("2026/11/23/ladle-fraud-eu_8[1]0123abcd") == 9
    assert platform_lines.release_of("2026/11/23/ladle-fraud_8[$LATEST]0123abcd") == 0
    assert platform_lines.release_of("2026/11/23/ladle-fraud[7]0123abcd", {8}) == 7


def test_a_stream_that_names_no_function_is_of_the_one_home_there_is() -> None:
    assert platform_lines.release_of("2026/11/23/[1]0123abcd", {8}) == 9
    assert platform_lines.release_of("2026/11/23/[1]0123abcd", {0, 8}) is None


@given(st.lists(st.text(max_size=80) | st.sampled_from([ours(), "REPORT RequestId: x"])))
def test_no_log_makes_the_reader_fail_or_count_more_than_its_lines(messages: list[str]) -> None:
    found = reading(*messages)
    total = added(found)
    assert 0 <= total.failed <= total.requests <= len(messages)
