"""A change is found where there is one, at the stated rate where there is none, whatever the hour."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.why.weeks import BEGAN, HOUR_S, HOURS, LOST, Weeks

from ladle.quality.counts import MICRO, Counts, Window
from ladle.why.change import quality_report
from ladle.why.changepoint import FALSE_ALARM, changes, limit, scan
from ladle.why.season import with_column
from ladle.why.series import MOST_BINS, Series, Tally, series, summed
from ladle.why.shapes import Form, Grid, column, grid

QUIET_SEEDS = 100


def rows(draws: random.Random, count: int, bin_s: float = HOUR_S) -> Grid:
    """Any counts on any of the bins of a series."""
    bins = tuple(sorted(draws.sample(range(2 * count), count)))
    labelled = tuple(float(draws.randint(1, 60)) for _ in bins)
    wrong = tuple(float(draws.randint(0, int(n))) for n in labelled)
    return Grid(bins, labelled, wrong, tuple(BEGAN + b * bin_s for b in bins), bin_s)


def test_quiet_weeks_with_a_daily_course_raise_a_false_alarm_as_rarely_as_stated() -> None:
    alarms = sum(bool(changes(grid(Weeks(seed).series()))) for seed in range(QUIET_SEEDS))
    expected = FALSE_ALARM * QUIET_SEEDS
    assert alarms <= expected + 3 * math.sqrt(expected)


def test_a_loss_is_found_at_its_hour_with_its_size() -> None:
    (found,) = changes(grid(Weeks(3, loss=0.06).series()))
    assert found.form is Form.STEP
    assert abs(found.first - LOST) <= 3
    assert found.effect == pytest.approx(0.06, abs=0.015)


def test_a_slow_loss_is_told_as_a_ramp() -> None:
    report = quality_report(Weeks(5, loss=0.08, over_h=120).windows(), BEGAN + HOURS * HOUR_S)
    assert report.change is not None
    assert report.change.form is Form.RAMP
    assert report.change.began < report.change.ended


def test_two_losses_are_two_changes() -> None:
    first = Weeks(8, loss=0.08).windows()[1]
    later = [
        w._replace(counts=w.counts._replace(wrong_micro=w.counts.wrong_micro + 10 * MICRO))
        if w.start >= BEGAN + 430 * HOUR_S
        else w
        for w in first
    ]
    found = changes(grid(series({1: later}, BEGAN, BEGAN + HOURS * HOUR_S)))
    starts = sorted(s.first for s in found if s.form is Form.STEP)
    assert any(abs(s - LOST) <= 3 for s in starts)
    assert any(abs(s - 430) <= 3 for s in starts)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(30, 120))
def test_z_squared_is_what_the_whole_fit_gains_by_the_shape(seed: int, count: int) -> None:
    on = rows(random.Random(seed), count)
    looked = scan(on)
    for shape in looked.shapes[:: max(1, len(looked.shapes) // 8)]:
        fuller = with_column(looked.fitted, column(on, shape))
        gained = looked.fitted.chi_square - fuller.chi_square
        assert gained == pytest.approx(shape.z**2, rel=1e-5, abs=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 100))
def test_right_answers_change_as_much_as_wrong_ones_the_other_way(seed: int, count: int) -> None:
    on = rows(random.Random(seed), count)
    right = tuple(n - k for n, k in zip(on.labelled, on.wrong, strict=True))
    for a, b in zip(scan(on).shapes, scan(replace(on, wrong=right)).shapes, strict=True):
        assert a.z == pytest.approx(-b.z, rel=1e-6, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 9))
def test_neither_the_week_nor_the_release_that_served_moves_a_change(
    seed: int, weeks: int, release: int
) -> None:
    windows = Weeks(seed % 50, loss=0.06).windows()[1]
    moved = [w._replace(start=w.start + weeks * 7 * 86_400) for w in windows]
    here = changes(grid(series({1: windows}, BEGAN, BEGAN + HOURS * HOUR_S)))
    since = BEGAN + weeks * 7 * 86_400
    there = changes(grid(series({release: moved}, since, since + HOURS * HOUR_S)))
    assert [s.first for s in here] == [s.first for s in there]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_missing_windows_hide_no_large_loss(seed: int) -> None:
    draws = random.Random(seed)
    kept = [w for w in Weeks(4, loss=0.1).windows()[1] if draws.random() < 0.5]
    found = changes(grid(series({1: kept}, BEGAN, BEGAN + HOURS * HOUR_S)))
    assert found
    assert abs(found[0].effect - 0.1) < 0.03


def test_more_shapes_ask_for_a_larger_change() -> None:
    limits = [limit(n) for n in (0, 10, 100, 1000)]
    assert limits == sorted(limits)
    assert limits[0] < limits[-1]


@given(st.integers(0, 200))
def test_nothing_is_found_in_nothing(empty: int) -> None:
    windows = [Window(BEGAN + i * HOUR_S, Counts(10)) for i in range(empty)]
    report = quality_report({1: windows} if empty else {}, BEGAN + HOURS * HOUR_S)
    assert report.change is None
    assert report.smallest is None
    assert report.needs is not None


def test_few_labels_are_said_to_be_too_few_and_how_many_are_missing() -> None:
    report = quality_report(Weeks(1, labels=4).windows(), BEGAN + HOURS * HOUR_S)
    assert report.change is None
    assert report.needs is not None
    assert report.needs > report.series.labelled
    assert report.smallest is not None
    assert report.smallest > 0.02


def test_hours_that_wait_for_most_of_their_labels_are_left_out() -> None:
    windows = list(Weeks(2).windows()[1])
    for i in range(1, 6):  # of the last hours only the wrong answers were reported yet
        counts = windows[-i].counts
        few = counts._replace(labelled_micro=counts.wrong_micro)
        windows[-i] = windows[-i]._replace(counts=few)
    report = quality_report({1: windows}, BEGAN + HOURS * HOUR_S)
    assert report.change is None
    assert report.series.ripe_until == BEGAN + (HOURS - 5) * HOUR_S


WINDOWS = st.lists(
    st.tuples(st.floats(0, 3e6), st.integers(1, 50), st.integers(0, 50), st.integers(1, 5)),
    max_size=40,
)


@given(WINDOWS)
def test_the_grid_is_small_and_loses_no_label_but_the_unripe(
    raw: list[tuple[float, int, int, int]],
) -> None:
    windows: dict[int, list[Window]] = {}
    for start, asked, labelled, release in raw:
        counts = Counts(asked, labelled_micro=min(asked, labelled) * MICRO)
        windows.setdefault(release, []).append(Window(start, counts))
    found: Series = series(windows, 0.0, 3e6 + 1)
    assert found.bins <= MOST_BINS + 1
    ripe = [w for ws in windows.values() for w in ws if w.start < found.ripe_until]
    wanted = summed(
        Tally(labelled=w.counts.labelled_micro / MICRO, requests=w.counts.requests) for w in ripe
    )
    assert found.labelled == pytest.approx(wanted.labelled)
    assert found.between(0, found.bins).requests == pytest.approx(wanted.requests)
