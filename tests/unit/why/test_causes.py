"""A guilty release is named, an outside cause is not pinned on one, and doubt is said to be doubt."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.why.weeks import BEGAN, HOUR_S, HOURS, LOST, Weeks

from ladle.why.causes import SURE, Causes, causes, log_factor
from ladle.why.change import Change, QualityReport, quality_report
from ladle.why.changepoint import scan
from ladle.why.shapes import grid

SEEDS = range(24)


def apart(seed: int, count: int, *fixed: int) -> list[int]:
    """Hours at which releases took over, at least 25 h from each other."""
    draws, hours = random.Random(seed), list(fixed)
    while len(hours) < count:
        hour = draws.randrange(12, HOURS - 4)
        if all(abs(hour - h) >= 25 for h in hours):
            hours.append(hour)
    return sorted(hours)


def report(weeks: Weeks) -> QualityReport:
    return quality_report(weeks.windows(), BEGAN + HOURS * HOUR_S)


def change(weeks: Weeks) -> Change:
    found = report(weeks).change
    assert found is not None
    return found


def answers(guilty: bool, loss: float, wrong: float) -> list[tuple[Causes, int | None]]:
    found = []
    for seed in SEEDS:
        hours = apart(seed, 6, *([LOST] if guilty else []))
        culprit = hours.index(LOST) + 2 if guilty else None
        weeks = Weeks(seed, hours, loss, culprit, wrong=wrong)
        found.append((change(weeks).causes, culprit))
    return found


def test_a_release_that_lost_two_points_a_week_ago_is_named_and_no_other() -> None:
    """A sample of bench/why.py, which has the figures."""
    found = answers(guilty=True, loss=0.02, wrong=0.05)
    assert sum(c.release == culprit for c, culprit in found) >= 0.6 * len(found)
    assert sum(c.release not in (culprit, None) for c, culprit in found) <= 0.05 * len(found)


def test_what_came_from_outside_is_seldom_pinned_on_a_release() -> None:
    found = answers(guilty=False, loss=0.02, wrong=0.05)
    assert sum(c.release is not None for c, _ in found) <= 0.25 * len(found)
    assert sum(c.outside for c, _ in found) >= 0.5 * len(found)


def test_among_forty_releases_the_guilty_one_is_the_likeliest_and_no_other_is_named() -> None:
    hours = list(range(12, HOURS - 4, 12))
    culprit = hours.index(LOST) + 2
    assert len(hours) >= 40
    told = change(Weeks(1, hours, 0.1, culprit)).causes
    assert told.likeliest == culprit
    assert told.release in (culprit, None)


def test_side_by_side_beats_every_date() -> None:
    """Both lose at the same hour: a release that began then is not to blame if the other lost too."""
    hours = [200, LOST]
    same = change(Weeks(2, hours, 0.3, None, labels=400)).causes
    assert same.outside
    own = change(Weeks(2, hours, 0.3, 3, labels=400)).causes
    assert own.release == 3


def test_a_release_beside_another_is_compared_in_the_same_hours() -> None:
    pair = report(Weeks(3, [LOST], 0.2, 2, labels=200)).side_by_side(2)
    assert pair is not None
    own, other = pair
    assert (own.labelled, other.labelled) == (24 * 190, 24 * 10)
    assert own.wrong / own.labelled > other.wrong / other.labelled + 0.05


def test_a_release_that_never_had_company_is_not_compared() -> None:
    assert report(Weeks(3)).side_by_side(1) is None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 8), st.floats(0, 0.1))
def test_beliefs_are_shares_and_name_only_releases_that_served(
    seed: int, count: int, loss: float
) -> None:
    found = Weeks(seed, apart(seed, count), loss, labels=20).series()
    told = causes(found, scan(grid(found)))
    assert math.fsum([*told.by_release.values(), told.step, told.ramp]) == pytest.approx(1)
    assert set(told.by_release) == set(range(2, count + 2))
    assert not (told.outside and told.release is not None)
    if told.release is not None:
        assert told.by_release[told.release] >= SURE


@given(st.floats(0, 50), st.floats(1, 1e8))
def test_evidence_grows_with_z_and_none_speaks_against_an_effect(z: float, known: float) -> None:
    assert log_factor(z, known) == log_factor(-z, known)
    assert log_factor(0.0, known) < 0
    assert log_factor(z + 1, known) > log_factor(z, known)
