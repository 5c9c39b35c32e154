"""Every CounterStore adds each batch once, and all of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from ladle.ports import CounterStore
from ladle.quality import sources
from ladle.quality.counts import MICRO, Counts, Window, WindowKey

MINUTE = 1_789_999_980.0


def key(start: float = MINUTE, release: int = 7, model: str = "fraud") -> WindowKey:
    return WindowKey(model, release, start)


def test_what_was_added_is_read_back_by_model_and_release(counters: CounterStore) -> None:
    counts = Counts(10, 2, 1, 500_000, 250_000, {0: 3, 12: 4})
    counters.add({"a": {key(): counts, key(release=8): Counts(requests=1)}})
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, counts)]
    assert counters.read("fraud", 8, 0.0) == [Window(MINUTE, Counts(requests=1))]
    assert counters.read("fraud", 9, 0.0) == []
    assert counters.read("fraud2", 7, 0.0) == []


def test_what_else_is_measured_is_added_by_name(counters: CounterStore) -> None:
    """More names than one write to DynamoDB may have, of columns with any name."""
    wide = {f"d.a column.of {c}#.{b}": b + 1 for c in range(40) for b in range(33)}
    plain = {"e_sum": -5, "e.7": 2, "c.1": 3}
    both = Counts(requests=1, tallies={**plain, **wide})
    assert counters.add({"a": {key(): both}}) == {"a"}
    assert counters.add({"a": {key(): both}, "b": {key(): Counts(tallies=wide)}}) == {"b"}
    (window,) = counters.read("fraud", 7, MINUTE)
    twice = {name: 2 * n for name, n in wide.items()}
    assert window.counts == Counts(requests=1, tallies={**plain, **twice})


def test_labels_are_read_back_by_who_gave_them(counters: CounterStore) -> None:
    """Beside those that an older Ladle counted, which belong to nobody."""
    off = {"e.2": MICRO, "e_sum": 2}
    counters.add({"old": {key(): Counts(labelled_micro=MICRO, tallies=off)}})
    told = {**off, **sources.tallies("a desk#1", MICRO, MICRO, off)}
    counters.add({"new": {key(): Counts(labelled_micro=MICRO, wrong_micro=MICRO, tallies=told)}})
    (window,) = counters.read("fraud", 7, MINUTE)
    wrong, right = (
        sources.labels_of(source, window.counts, ("a desk#1", sources.REST))
        for source in ("a desk#1", sources.REST)
    )
    assert wrong == Counts(labelled_micro=MICRO, wrong_micro=MICRO, tallies={"e.2": MICRO})
    assert right == Counts(labelled_micro=MICRO, tallies={"e.2": MICRO})


def test_what_belongs_to_no_time_is_kept_apart(counters: CounterStore) -> None:
    counters.add({"a": {WindowKey("fraud.reference", 7, 0.0): Counts(tallies={"r.age.1": 5})}})
    assert counters.read("fraud", 7, 0.0) == []
    (window,) = counters.read("fraud.reference", 7, 0.0)
    assert window == Window(0.0, Counts(tallies={"r.age.1": 5}))


def test_adding_adds(counters: CounterStore) -> None:
    counters.add({"a": {key(): Counts(requests=2, latency={3: 1})}})
    counters.add({"b": {key(): Counts(requests=3, failed=1, latency={3: 1, 4: 1})}})
    (window,) = counters.read("fraud", 7, 0.0)
    assert window.counts == Counts(requests=5, failed=1, latency={3: 2, 4: 1})


def test_a_batch_counts_once_whoever_adds_it_again(
    counters: CounterStore, counters_again: CounterStore
) -> None:
    batch = {"a": {key(): Counts(requests=2)}}
    assert counters.add(batch) == {"a"}
    assert counters.add(batch) == frozenset()
    assert counters_again.add(batch) == frozenset()
    assert counters_again.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(requests=2))]


def test_of_several_batches_only_the_new_ones_are_added(counters: CounterStore) -> None:
    counters.add({"a": {key(): Counts(requests=1)}, "b": {key(): Counts(requests=1)}})
    added = counters.add({name: {key(): Counts(requests=10)} for name in ("a", "c", "b", "d")})
    assert added == {"c", "d"}
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(requests=22))]


def test_a_batch_may_touch_more_windows_than_one_transaction_holds(counters: CounterStore) -> None:
    batch = {"wide": {key(MINUTE + 60 * i): Counts(requests=1) for i in range(230)}}
    assert counters.add(batch) == {"wide"}
    assert counters.add(batch) == frozenset()
    assert len(counters.read("fraud", 7, 0.0)) == 230
    assert {w.counts.requests for w in counters.read("fraud", 7, 0.0)} == {1}


def test_many_batches_may_be_added_at_once(counters: CounterStore) -> None:
    batches = {f"n{i}": {key(): Counts(requests=1)} for i in range(230)}
    assert counters.add(batches) == batches.keys()
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(requests=230))]


def test_windows_are_read_from_a_time_on_in_order(counters: CounterStore) -> None:
    for i in (3, 0, 2, 1):
        counters.add({f"n{i}": {key(MINUTE + 60 * i): Counts(requests=1)}})
    starts = [w.start for w in counters.read("fraud", 7, MINUTE + 60)]
    assert starts == [MINUTE + 60, MINUTE + 120, MINUTE + 180]


def test_windows_of_a_part_of_a_second_keep_their_start(counters: CounterStore) -> None:
    counters.add({"a": {key(1_789_999_980.25): Counts(requests=1)}})
    assert counters.read("fraud", 7, 1_789_999_980.25) == [
        Window(1_789_999_980.25, Counts(requests=1))
    ]


def test_a_corrected_label_takes_back_what_it_had_added(counters: CounterStore) -> None:
    counters.add({"a": {key(): Counts(labelled_micro=500_000, wrong_micro=500_000)}})
    counters.add({"b": {key(): Counts(wrong_micro=-500_000)}})
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(labelled_micro=500_000))]


def test_nothing_to_add_is_never_added(counters: CounterStore) -> None:
    assert counters.add({}) == frozenset()
    assert counters.add({"empty": {}}) == frozenset()


def test_a_batch_that_was_added_is_known_and_one_that_was_not_is_given_up_for_ever(
    counters: CounterStore, counters_again: CounterStore
) -> None:
    counters.add({"a": {key(): Counts(labelled_micro=5)}})
    assert counters_again.was_added("a", MINUTE)
    for _ in range(2):
        assert not counters.was_added("b", MINUTE)
    added = counters_again.add({name: {key(): Counts(labelled_micro=7)} for name in ("b", "c")})
    assert added == {"c"}
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(labelled_micro=12))]


def test_writers_at_the_same_window_lose_nothing(
    counters: CounterStore, counters_again: CounterStore, needs: Callable[[str], None]
) -> None:
    needs("serves several threads in one process")

    def add(i: int) -> None:
        store = (counters, counters_again)[i % 2]
        store.add({f"n{i}": {key(): Counts(requests=1)}, "shared": {key(): Counts(requests=100)}})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    assert counters.read("fraud", 7, 0.0) == [Window(MINUTE, Counts(requests=120))]
