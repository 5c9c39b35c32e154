"""Labels count once and all of them, however calls interleave and wherever one of them dies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ladle.actions.count_labels import MAX_ROWS, LabelCount
from ladle.errors import LadleError, Unavailable
from ladle.quality.acceptance import Counting, StoredLabel, accept
from ladle.quality.counts import MICRO, Counts, Window, WindowKey, kept_rows
from ladle.quality.labels import AcceptedLabel, Label, LabelOutcome
from ladle.quality.segments import tallies

ROWS = 3


class Died(Exception):
    """The process of a caller is gone."""


@dataclass
class Tables:
    """Labels and counters in memory; before each write something else may happen."""

    meanwhile: Callable[[], None] = lambda: None
    labels: dict[str, StoredLabel] = field(default_factory=dict)
    windows: dict[WindowKey, Counts] = field(default_factory=dict)
    marks: dict[str, bool] = field(default_factory=dict)  # of batches: whether it was added

    def accept(
        self,
        model: str,
        label: Label,
        outcome: LabelOutcome | None,
        expires_at: float,
        by: Counting,
    ) -> AcceptedLabel:
        while True:
            stored = self.labels.get(label.prediction_id)
            wanted = accept(stored, label, outcome, by)
            self.meanwhile()
            if self.labels.get(label.prediction_id) == stored:
                break
        if wanted.write is not None:
            self.labels[label.prediction_id] = wanted.write
        return wanted.accepted

    def given(self, model: str, request_id: str) -> Sequence[Label]:
        return [s.label for s in self.labels.values() if s.label.request_id == request_id]

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        self.meanwhile()
        new = {id_: deltas for id_, deltas in batches.items() if deltas and id_ not in self.marks}
        for id_, deltas in new.items():
            self.marks[id_] = True
            for key, counts in deltas.items():
                self.windows[key] = self.windows.get(key, Counts()) + counts
        return frozenset(new)

    def was_added(self, batch_id: str, now: float) -> bool:
        self.meanwhile()
        return self.marks.setdefault(batch_id, False)

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        return [Window(key.start, counts) for key, counts in self.windows.items()]


Call = tuple[tuple[int, bool], ...]  # rows with whether they were wrong
calls = st.lists(
    st.lists(st.tuples(st.integers(0, ROWS - 1), st.booleans()), min_size=1, max_size=4).map(tuple),
    min_size=1,
    max_size=4,
)


def outcome(row: int, wrong: bool) -> LabelOutcome:
    return LabelOutcome(7, 60.0 * row, MICRO, MICRO * wrong)


def send(tables: Tables, call: Call, at: float, batches: count[int]) -> None:
    labels = LabelCount(tables, tables, "fraud", 1e9, at, draw=lambda: f"batch {next(batches)}")
    for row, wrong in call:
        try:
            labels.accept(Label("A" * 22, row, wrong, at, "team"), outcome(row, wrong))
        except LadleError as error:
            if error.code != "LD603":
                raise
    labels.finish()


@settings(max_examples=150, deadline=None)
@given(calls=calls, choices=st.lists(st.integers(0, 9), max_size=60))
def test_every_label_counts_once_whoever_died_or_came_in_between(
    calls: list[Call], choices: list[int]
) -> None:
    """Before each write another call may begin (and end), or the caller may die."""
    tables, batches, times = Tables(), count(), count()
    waiting, fates = list(calls), iter(choices)

    def run(call: Call) -> None:
        with contextlib.suppress(Died):
            send(tables, call, float(next(times)), batches)

    def meanwhile() -> None:
        fate = next(fates, 0)
        if fate == 1:
            raise Died
        if fate > 7 and waiting:
            run(waiting.pop())

    tables.meanwhile = meanwhile
    while waiting:
        run(waiting.pop())
    tables.meanwhile = lambda: None
    for stored in list(tables.labels.values()):  # everybody sends again what stands
        send(tables, ((stored.label.row, bool(stored.label.value)),), stored.label.at, batches)
    for row in range(ROWS):
        stands = tables.labels.get(f"{'A' * 22}.{row}")
        found = tables.windows.get(WindowKey("fraud", 7, 60.0 * row), Counts())
        expected = (MICRO, MICRO * bool(stands.label.value)) if stands else (0, 0)
        assert (found.labelled_micro, found.wrong_micro) == expected


def test_one_call_is_one_batch_whatever_number_of_labels_it_has() -> None:
    tables = Tables()
    labels = LabelCount(tables, tables, "fraud", 1e9, 0.0)
    for row in range(500):
        labels.accept(Label("A" * 22, row, True, 0.0, "team"), LabelOutcome(7, 60.0, 1, 1))
    labels.finish()
    assert list(tables.marks.values()) == [True]
    assert tables.windows == {
        WindowKey("fraud", 7, 60.0): Counts(labelled_micro=500, wrong_micro=500)
    }


def test_labels_of_many_windows_are_as_many_batches_as_fit_into_transactions() -> None:
    tables = Tables()
    labels = LabelCount(tables, tables, "fraud", 1e9, 0.0)
    for row in range(2 * MAX_ROWS + 1):
        labels.accept(Label("A" * 22, row, True, 0.0, "team"), outcome(row, True))
    labels.finish()
    assert len(tables.marks) == 3
    assert len(tables.windows) == 2 * MAX_ROWS + 1


def test_labels_of_many_segments_are_as_many_batches_as_fit_into_transactions() -> None:
    """Each segment is a row of the counters beside its window's."""
    sizes = []

    class Measured(Tables):
        def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
            sizes.extend(
                len({row for key, counts in deltas.items() for row in kept_rows(key, counts)})
                for deltas in batches.values()
            )
            return super().add(batches)

    tables = Measured()
    labels = LabelCount(tables, tables, "fraud", 1e9, 0.0)
    for row in range(200):
        apart = tallies([f"f{k}=v{row % 20}" for k in range(5)], MICRO, 0, {})
        said = LabelOutcome(7, 60.0 * row, MICRO, 0, apart)
        labels.accept(Label("A" * 22, row, True, 0.0, "team"), said)
    labels.finish()
    assert sum(c.labelled_micro for c in tables.windows.values()) == 200 * MICRO
    assert max(sizes) <= 99


def test_whoever_is_given_up_again_and_again_says_so() -> None:
    tables = Tables()
    labels = LabelCount(tables, tables, "fraud", 1e9, 0.0, draw=lambda: "taken for dead")
    tables.marks["taken for dead"] = False
    labels.accept(Label("A" * 22, 0, True, 0.0, "team"), outcome(0, True))
    with pytest.raises(Unavailable, match="LD612"):
        labels.finish()
    assert tables.windows == {}
