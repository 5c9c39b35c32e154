"""Callers that differ are counted apart."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.labels import Label, Noted, PredictionRows
from ladle.quality.outcomes import judged
from ladle.quality.segments import by_segment, tallies, worse_segments

EU, US = "region=eu", "region=us"


def window(start: float, arms: dict[str, tuple[int, int]]) -> Window:
    """Labelled and wrong of each segment."""
    found = Counts()
    for segment, (labelled, wrong) in arms.items():
        found += Counts(labelled, tallies=tallies([segment], labelled * MICRO, wrong * MICRO))
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


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_the_segments_of_all_windows_sum_to_the_labels(sizes: list[tuple[int, int]]) -> None:
    windows = [window(60.0 * k, {EU: (a, min(a, 1)), US: (b, 0)}) for k, (a, b) in enumerate(sizes)]
    seen = by_segment(sum((w.counts for w in windows), Counts()))
    assert sum(arm.exposed for arm in seen.values()) == sum(a + b for a, b in sizes)


def test_a_segment_that_is_wrong_more_often_is_named_and_the_other_is_not() -> None:
    found = list(worse_segments(drawn(1, 0.1, 0.1, 30), drawn(2, 0.3, 0.1, 5)))
    assert [w.segment for w in found] == [EU]
    assert found[0].candidate.exposed == 300


def test_equal_releases_have_hardly_ever_a_worse_segment() -> None:
    """One in a hundred for both segments together."""
    named = sum(
        bool(list(worse_segments(drawn(k, 0.1, 0.2, 30), drawn(1000 + k, 0.1, 0.2, 5))))
        for k in range(60)
    )
    assert named <= 3


def test_a_segment_that_one_release_never_saw_is_not_judged() -> None:
    stable = [window(0, {EU: (90, 9)})]
    assert list(worse_segments(stable, [window(0, {US: (90, 90)})])) == []
