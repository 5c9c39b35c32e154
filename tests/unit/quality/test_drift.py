"""What drift says of rows that are as they were in training, and of rows that are not."""

from __future__ import annotations

import random
from bisect import bisect_right
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.delivery import LogEvent, Source, read
from ladle.quality.drift import Onset, drifts, onsets, reference_key
from ladle.quality.estimate import confidence, estimate
from ladle.quality.lines import MAX_WATCH_BYTES, WatchLine, format_watch, parse
from ladle.quality.reference import BINS, Column, Reference, seen, trained

KEY = b"k" * 32
EDGES = tuple(NormalDist().inv_cdf(k / BINS) for k in range(1, BINS))


def counts(values: list[float], prefix: str = "d.", column: str = "age") -> Counts:
    found: dict[str, int] = {}
    for value in values:
        name = f"{prefix}{column}.{bisect_right(EDGES, value)}"
        found[name] = found.get(name, 0) + 1
    return Counts(tallies=found)


def normal(seed: int, n: int, mean: float = 0.0) -> list[float]:
    draws = random.Random(seed)
    return [draws.gauss(mean, 1) for _ in range(n)]


REFERENCE = counts(normal(1, 5000), "r.")


def test_rows_as_in_training_are_hardly_ever_called_different() -> None:
    """One in a hundred is what is promised; the bound is far from sharp."""
    real = sum(drifts(REFERENCE, counts(normal(seed, 300)))[0].is_real for seed in range(100))
    assert real <= 3


def test_a_shift_of_half_a_deviation_is_drift_and_its_size_is_told() -> None:
    (drift,) = drifts(REFERENCE, counts(normal(2, 2000, mean=0.5)))
    assert drift.drifted
    assert drift.distance == pytest.approx(0.197, abs=0.03)
    assert drift.rows == 2000


def test_a_difference_that_is_real_and_small_is_not_worth_telling() -> None:
    (drift,) = drifts(REFERENCE, counts(normal(3, 100_000, mean=0.1)))
    assert drift.is_real
    assert not drift.drifted


def test_a_few_rows_are_far_by_chance_and_no_drift() -> None:
    (drift,) = drifts(REFERENCE, counts(normal(4, 10)))
    assert drift.distance > 0.1
    assert not drift.drifted


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.integers(0, 40))
def test_counts_of_several_processes_add_up(values: list[float], at: int) -> None:
    together = counts(values[:at]) + counts(values[at:])
    assert drifts(REFERENCE, together) == drifts(REFERENCE, counts(values))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60))
def test_a_distance_is_a_share_and_zero_for_the_same_rows(values: list[float]) -> None:
    (drift,) = drifts(counts(values, "r."), counts(values))
    assert drift.distance == 0
    (far,) = drifts(REFERENCE, counts(values))
    assert 0 <= far.distance <= 1
    assert far.population_stability >= 0


def test_a_column_that_is_missing_now_is_drift() -> None:
    last = max(int(name.rpartition(".")[2]) for name in REFERENCE.tallies) + 1
    (drift,) = drifts(REFERENCE, Counts(tallies={seen("age", last): 500}))
    assert drift.distance == 1.0


def test_an_onset_is_the_hour_from_which_it_stayed() -> None:
    means = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0]
    hours = [Window(3600.0 * k, counts(normal(k, 500, m))) for k, m in enumerate(means, 1)]
    (onset,) = onsets(7, REFERENCE, hours)
    assert isinstance(onset, Onset)
    assert (onset.release, onset.drift.column, onset.since) == (7, "age", 5 * 3600.0)


def test_what_was_different_from_the_first_hour_on_did_not_begin() -> None:
    hours = [Window(3600.0 * k, counts(normal(k, 500, 1.0))) for k in range(3)]
    assert list(onsets(7, REFERENCE, hours)) == []


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=40).map(lambda name: f"d.{name}.3"),
        st.integers(1, 10**9),
        min_size=1,
        max_size=600,
    )
)
def test_the_lines_of_a_watch_hold_all_of_it_and_none_is_too_long(tallies: dict[str, int]) -> None:
    line = WatchLine("fraud", 7, 3600.0, "", tallies)
    texts = list(format_watch(line, KEY))
    assert all(len(text) <= MAX_WATCH_BYTES for text in texts)
    found = [parse(text, KEY) for text in texts]
    assert all(isinstance(part, WatchLine) for part in found)
    together = {
        k: n for part in found if isinstance(part, WatchLine) for k, n in part.tallies.items()
    }
    assert together == tallies
    assert all(parse(text, b"x" * 32) is None for text in texts)


def test_a_reference_counts_once_and_rows_count_each_time() -> None:
    once = WatchLine("fraud", 7, 0.0, "reference", {trained("age", 1): 9})
    rows = WatchLine("fraud", 7, 7200.0, "", {seen("age", 1): 5})
    texts = [t for line in (once, rows, once, rows) for t in format_watch(line, KEY)]
    events = [LogEvent(str(k), 7300.0, text) for k, text in enumerate(texts)]
    reading = read(events, Source("fraud", 7, [KEY], 60.0))
    assert [c.tallies for c in reading.counts.values()] == [{seen("age", 1): 10}]
    assert list(reading.once.values()) == [
        {reference_key("fraud", 7): Counts(tallies={trained("age", 1): 9})}
    ]


def test_a_reference_is_read_back_and_a_strange_one_is_none() -> None:
    reference = Reference((Column("age", "X", 0, True, (0.5, 1.5), (1, 2, 3, 0)),))
    assert Reference.from_json(reference.to_json()) == reference
    assert reference.tallies() == {"r.age.0": 1, "r.age.1": 2, "r.age.2": 3}
    for strange in ("", "{}", '{"schema":9,"columns":[]}', '{"schema":1,"columns":[["a"]]}'):
        assert Reference.from_json(strange) is None


def sure(share: float, labelled: int, wrong: int = 0) -> Counts:
    tallies = {"q_sum": round(share * 1000) * MICRO, "q_rows": 1000}
    return Counts(1000, labelled_micro=labelled * MICRO, wrong_micro=wrong * MICRO, tallies=tallies)


def test_a_candidate_that_is_less_sure_is_estimated_to_be_as_much_less_right() -> None:
    assert estimate(sure(0.9, 200, 30), sure(0.8, 0)) == pytest.approx(0.75)


def test_without_labels_of_the_stable_release_nothing_is_estimated() -> None:
    assert estimate(sure(0.9, 99), sure(0.8, 0)) is None
    assert estimate(Counts(labelled_micro=500 * MICRO), sure(0.8, 0)) is None
    assert confidence(Counts()) is None
