"""When labels may decide."""

from __future__ import annotations

from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.coverage import differs
from ladle.quality.pairing import align


def arm(requests: int, labelled: int, wrong: int) -> list[Window]:
    counts = Counts(requests=requests, labelled_micro=labelled * MICRO, wrong_micro=wrong * MICRO)
    return [Window(60.0 * k, counts) for k in range(30)]


def test_equal_coverage_lets_labels_decide() -> None:
    assert not differs(align(arm(900, 300, 30), arm(100, 33, 7)))


def test_a_candidate_whose_right_answers_are_not_labelled_is_not_judged_by_labels() -> None:
    """Its 7 % look like 14 %, only since half of its right answers got no label."""
    assert differs(align(arm(900, 900, 63), arm(100, 53, 7)))


def test_a_candidate_that_gets_more_of_both_labels_is_not_judged_by_labels() -> None:
    assert differs(align(arm(900, 300, 30), arm(100, 66, 12)))


def test_more_wrong_labels_excuse_nobody() -> None:
    """Wrong answers are reported at once, right ones hardly ever."""
    assert not differs(align(arm(900, 60, 40), arm(100, 44, 43)))


def test_failed_and_rejected_requests_await_no_label() -> None:
    stable = [Window(w.start, w.counts) for w in arm(900, 900, 90)]
    candidate = [
        Window(w.start, w.counts + Counts(requests=100, failed=60, rejected=40))
        for w in arm(100, 100, 10)
    ]
    assert not differs(align(stable, candidate))
