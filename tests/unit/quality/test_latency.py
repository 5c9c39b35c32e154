"""What counts as slow."""

from __future__ import annotations

from ladle.quality.counts import Counts, Window, latency_bin
from ladle.quality.latency import ENOUGH_ANSWERS, freeze


def window(start: float, latency: dict[int, int]) -> Window:
    return Window(start, Counts(requests=sum(latency.values()), latency=latency))


def test_slow_is_above_the_bin_of_the_95th_percentile() -> None:
    limit = freeze([window(-60, {4: 900, 9: 80, 20: 20})], since=0)
    assert limit is not None
    assert limit.bin_ == 9
    assert limit.read(Counts(latency={4: 10, 9: 5, 10: 3})) == (18, 3)


def test_the_limit_stays_when_the_stable_release_becomes_slower() -> None:
    first = window(-120, {4: 1000})
    later = window(-60, {30: 100_000})
    assert freeze([first, later], since=0) == freeze([first], since=0)


def test_history_from_before_the_rollout_costs_no_evidence() -> None:
    limit = freeze([window(-60, {4: 1000}), window(0, {4: 1000})], since=0)
    assert limit is not None
    assert limit.after == 0


def test_windows_that_set_the_limit_are_no_evidence() -> None:
    limit = freeze([window(0, {4: 150}), window(60, {4: 150}), window(120, {4: 150})], since=0)
    assert limit is not None
    assert 60 < limit.after <= 120


def test_too_few_answers_set_no_limit() -> None:
    assert freeze([window(0, {4: ENOUGH_ANSWERS - 1})], since=0) is None


def test_bins_reach_further_by_the_root_of_two() -> None:
    assert latency_bin(0.1) == 0
    assert latency_bin(0.3) == 1
    assert latency_bin(1.0) == 4
    assert latency_bin(1e12) == 47
