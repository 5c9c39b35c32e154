"""Which windows are compared."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from ladle.quality.counts import Counts, Window
from ladle.quality.event_share import EMPTY, Row
from ladle.quality.pairing import PairedWindow, align, plus, pooled, without_gaps


def windows(requests: list[int], failed: int = 0) -> list[Window]:
    return [
        Window(60.0 * k, Counts(requests=n, failed=min(n, failed)))
        for k, n in enumerate(requests)
        if n
    ]


def row(window: PairedWindow) -> Row:
    stable, candidate = window.stable, window.candidate
    return (stable.requests, stable.failed, candidate.requests, candidate.failed)


def pool(windows: list[PairedWindow]) -> list[Row]:
    """What counts in each window."""
    held, pairs = EMPTY, []
    for window in windows:
        held, pair = pooled(held, row(window))
        pairs.append(pair)
    return pairs


def test_nothing_before_the_candidates_first_request_counts() -> None:
    aligned = align(windows([500, 500, 500, 500]), windows([0, 0, 50, 50]))
    assert [w.start for w in aligned] == [120.0, 180.0]


def test_a_gap_in_the_delivery_of_one_release_counts_for_neither() -> None:
    stable = windows([540, 540, 0, 0, 540], failed=100)
    candidate = windows([60, 60, 60, 60, 60])
    kept = without_gaps(align(stable, candidate))
    assert [w.start for w in kept] == [0.0, 60.0, 240.0]


def test_a_candidate_that_is_silent_too_long_is_a_gap_as_well() -> None:
    kept = without_gaps(align(windows([540] * 5), windows([60, 60, 0, 0, 60])))
    assert [w.start for w in kept] == [0.0, 60.0, 240.0]


def test_a_quiet_minute_is_no_gap() -> None:
    """At one request a minute the candidate's next one is ten minutes away."""
    stable, candidate = windows([1] * 30), windows(([1] + [0] * 9) * 3)
    kept = without_gaps(align(stable, candidate))
    assert len(kept) == 30


def test_sparse_windows_are_pooled_until_both_were_seen() -> None:
    stable, candidate = windows([3, 2, 4]), windows([1, 0, 0, 2])
    pairs = pool(align(stable, candidate))
    assert [p[0] for p in pairs] == [3, 0, 0, 6]
    assert [p[2] for p in pairs] == [1, 0, 0, 2]


def test_a_last_window_with_one_release_waits() -> None:
    pairs = pool(align(windows([3, 2]), windows([1, 0])))
    assert pairs[1] == EMPTY


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=40))
def test_pooling_loses_at_most_the_end(sizes: list[tuple[int, int]]) -> None:
    aligned = align(windows([s for s, _ in sizes]), windows([c for _, c in sizes]))
    pairs = pool(aligned)
    assert len(pairs) == len(aligned)
    seen = reduce(plus, pairs, EMPTY)
    assert seen[0] <= sum(w.stable.requests for w in aligned)
    last = [k for k, p in enumerate(pairs) if p != EMPTY]
    counted = aligned[: last[-1] + 1] if last else []
    assert seen[0] == sum(w.stable.requests for w in counted)
    assert seen[2] == sum(w.candidate.requests for w in counted)
