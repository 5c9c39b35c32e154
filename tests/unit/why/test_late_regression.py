"""A rise above the level of the trial is found, chance and a season are not, and who is to blame is told."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

import pytest

from ladle.quality.counts import MICRO, Counts, Window
from ladle.simulation.streams import binomial
from ladle.why.late_regression import LateFinding, late_regression

HOUR, DAY = 3600.0, 86_400.0
BEGAN = 1_800_000_000.0
LABELS_AN_HOUR = 100
ALONE_SINCE = BEGAN + 8 * DAY  # seven days of release 1, then a day beside release 2

Rate = Callable[[float], float]  # by days since BEGAN


def windows(
    seed: int, days: int, own: Rate, other: float = 0.1, rejected: Rate = lambda _: 0.0
) -> Mapping[int, list[Window]]:
    """Release 1 serves for eight days, release 2 from the seventh on."""
    draws = random.Random(seed)
    found: dict[int, list[Window]] = {1: [], 2: []}
    for hour in range(24 * days):
        day, start = hour / 24, BEGAN + hour * HOUR
        for release, serves, rate in ((1, day < 8, other), (2, day >= 7, own(day))):
            if serves:
                wrong = binomial(draws, LABELS_AN_HOUR, rate)
                counts = Counts(
                    requests=LABELS_AN_HOUR,
                    rejected=round(LABELS_AN_HOUR * rejected(day)),
                    labelled_micro=LABELS_AN_HOUR * MICRO,
                    wrong_micro=wrong * MICRO,
                )
                found[release].append(Window(start, counts))
    return found


def looked_at(found: Mapping[int, list[Window]], days: int) -> LateFinding | None:
    return late_regression(found, 2, ALONE_SINCE, BEGAN + days * DAY)


@pytest.mark.parametrize("seed", range(40))
def test_what_stays_as_it_was_is_no_incident(seed: int) -> None:
    def daily(day: float) -> float:
        return 0.1 * (1 + 0.2 * math.sin(2 * math.pi * day))

    assert looked_at(windows(seed, 16, daily), 16) is None


@pytest.mark.parametrize("seed", range(5))
def test_a_release_that_was_worse_from_the_first_is_to_blame(seed: int) -> None:
    found = looked_at(windows(seed, 12, lambda _: 0.16), 12)
    assert found is not None
    assert (found.release, found.contract_kept) == (2, True)
    assert found.log_e >= found.limit


@pytest.mark.parametrize("seed", range(5))
def test_what_changes_without_any_deploy_is_an_incident_of_nobodys(seed: int) -> None:
    found = looked_at(windows(seed, 16, lambda day: 0.1 if day < 12 else 0.17), 16)
    assert found is not None
    assert found.release is None
    assert found.began is not None
    assert abs(found.began - (BEGAN + 12 * DAY)) < DAY


def test_requests_that_are_rejected_more_say_that_the_data_changed() -> None:
    found = looked_at(
        windows(1, 12, lambda _: 0.16, rejected=lambda day: 0.0 if day < 8 else 0.02), 12
    )
    assert found is not None
    assert not found.contract_kept


def test_a_level_of_few_labels_holds_nothing_against_anybody() -> None:
    late = {2: windows(1, 12, lambda _: 0.5)[2][-1:]}
    assert looked_at(late, 12) is None


def test_after_three_weeks_the_first_of_them_is_the_level() -> None:
    found = windows(3, 40, lambda day: 0.1 if day < 35 else 0.17)
    assert looked_at(found, 40) is not None
    assert looked_at(windows(3, 40, lambda _: 0.1), 40) is None
