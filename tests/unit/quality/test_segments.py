"""Callers that differ are counted apart."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.verdicts import ArmCounts
from ladle.quality import errors
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.errors import Scale
from ladle.quality.labels import Label, Noted, PredictionRows
from ladle.quality.outcomes import judged
from ladle.quality.segments import by_segment, tallies, worse_segments

EU, US = "region=eu", "region=us"


def window(start: float, arms: dict[str, tuple[int, int]]) -> Window:
    """Labelled and wrong of each segment."""
    found = Counts()
    for segment, (labelled, wrong) in arms.items():
        found += Counts(labelled, tallies=tallies([segment], labelled * MICRO, wrong * MICRO, {}))
    return Window(start, found)


def drawn(seed: int, eu: float, us: float, labels: int) -> list[Window]:
    draws = random.Random(seed)

    def some(rate: float) -> tuple[int, int]:
        return labels, sum(draws.random() < rate for _ in range(labels))

    return [window(60.0 * k, {EU: some(eu), US: some(us)}) for k in range(60)]


def test_a_label_counts_in_every_segment_of_its_row() -> None:
    rows = PredictionRows("m", "A" * 22, 7, 60.0, 1, 0, (Noted(1, None, (EU, "tier=free")),))
    outcome = judged(rows, Label("A" * 22, 0, 0, 0.0, "team"))
    seen = by_segment(Counts(tallies=outcome.tallies))
    assert seen == {EU: ArmCounts(1.0, 1.0), "tier=free": ArmCounts(1.0, 1.0)}


def test_the_error_of_a_regression_counts_in_every_segment_of_its_row() -> None:
    rows = PredictionRows("m", "A" * 22, 7, 60.0, 1, 0, (Noted(12.0, None, (EU, "v=1.5")),))
    outcome = judged(rows, Label("A" * 22, 0, 8.0, 0.0, "team"), numeric=True)
    seen = by_segment(Counts(tallies=outcome.tallies), Scale(errors.bin_of(4.0), 0.0).read)
    assert seen == {EU: ArmCounts(1.0, 0.5), "v=1.5": ArmCounts(1.0, 0.5)}


@given(st.lists(st.sampled_from([EU, US, "v=1.5", "v=-3.e2"]), min_size=1, max_size=9))
def test_the_errors_of_all_segments_sum_to_those_of_the_labels(segments: list[str]) -> None:
    """Whatever points a value has in it."""
    off = errors.tallies(9.0, 1.0, MICRO)
    counts = sum((Counts(tallies=tallies([s], MICRO, 0, off)) for s in segments), Counts())
    seen = by_segment(counts, Scale(errors.bin_of(16.0), 0.0).read)
    assert sum(arm.exposed for arm in seen.values()) == len(segments)
    assert sum(arm.events for arm in seen.values()) == pytest.approx(0.25 * len(segments))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_the_segments_of_all_windows_sum_to_the_labels(sizes: list[tuple[int, int]]) -> None:
    windows = [window(60.0 * k, {EU: (a, min(a, 1)), US: (b, 0)}) for k, (a, b) in enumerate(sizes)]
    seen = by_segment(sum((w.counts for w in windows), Counts()))
    assert sum(arm.exposed for arm in seen.values()) == sum(a + b for a, b in sizes)


def test_a_segment_that_is_wrong_more_often_is_named_and_the_other_is_not() -> None:
    found = list(worse_segments(drawn(1, 0.1, 0.1, 30), drawn(2, 0.3, 0.1, 5), 0.0))
    assert [w.segment for w in found] == [EU]
    assert found[0].candidate.exposed == 300


def off(seed: int, eu: float, us: float, labels: int) -> list[Window]:
    """Normal errors, so wide in each segment."""
    draws = random.Random(seed)

    def minute(k: int) -> Window:
        found = Counts()
        for segment, wide in ((EU, eu), (US, us)):
            for _ in range(labels):
                error = errors.tallies(draws.gauss(0, wide), 0.0, MICRO)
                of = tallies([segment], MICRO, 0, error)
                found += Counts(1, labelled_micro=MICRO, tallies={**error, **of})
        return Window(60.0 * k, found)

    return [minute(k) for k in range(60)]


def test_a_segment_of_a_regression_that_is_farther_off_is_named_and_the_other_is_not() -> None:
    found = list(worse_segments(off(1, 1.0, 1.0, 30), off(2, 2.0, 1.0, 5), 0.0))
    assert [(w.segment, w.numeric) for w in found] == [(EU, True)]
    seen = found[0]
    assert (
        seen.candidate.events / seen.candidate.exposed
        > 1.5 * seen.stable.events / seen.stable.exposed
    )


def test_a_segment_that_is_usually_far_off_is_not_worse_for_it() -> None:
    assert list(worse_segments(off(1, 3.0, 1.0, 30), off(2, 3.0, 1.0, 5), 0.0)) == []


def test_equal_releases_have_hardly_ever_a_worse_segment() -> None:
    """One in a hundred for both segments together."""
    named = sum(
        bool(list(worse_segments(drawn(k, 0.1, 0.2, 30), drawn(1000 + k, 0.1, 0.2, 5), 0.0)))
        for k in range(60)
    )
    assert named <= 3


def test_a_segment_that_one_release_never_saw_is_not_judged() -> None:
    stable = [window(0, {EU: (90, 9)})]
    assert list(worse_segments(stable, [window(0, {US: (90, 90)})], 0.0)) == []
