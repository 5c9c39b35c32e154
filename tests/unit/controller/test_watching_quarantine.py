"""The labels of a trial are read again after its rollback: what clears it is said, what bears it out is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from ladle.actions.seldom import LOOK_EVERY_S
from ladle.actions.watch_quarantine import QuarantineWatch
from ladle.policy.rollout import GuardName
from ladle.ports import CounterStore
from ladle.quality.counts import MICRO, Counts, Window
from ladle.releases.events import EvidenceRead, QuarantineDoubted
from ladle.releases.state import ReleaseState
from ladle.simulation.memory import MemoryLedger
from ladle.testing.releases import canary_story, evidence, stable_story

MINUTES = 30
WRONG = 0.1  # of the stable release


@dataclass(slots=True)
class CountedReads:
    windows: Mapping[int, Sequence[Window]]
    reads: list[int] = field(default_factory=list)

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        self.reads.append(release)
        return [w for w in self.windows.get(release, ()) if w.start >= since]


def arm(since: float, labels: int, wrong: float) -> list[Window]:
    """``labels`` of each minute's hundred requests came."""
    counts = Counts(
        requests=100, labelled_micro=labels * MICRO, wrong_micro=round(labels * wrong * MICRO)
    )
    return [Window(since + 60.0 * minute, counts) for minute in range(MINUTES)]


def rolled_back(
    labels: int, wrong: float, guard: GuardName = GuardName.ACCURACY
) -> tuple[QuarantineWatch, CountedReads, ReleaseState, float]:
    """Release 2 was rolled back by 400 labels; ``labels`` a minute have come by now."""
    story, ledger = canary_story(), MemoryLedger()
    since = story.now
    story.now += 60.0 * MINUTES
    read: EvidenceRead = evidence(story.state, worse=guard)
    decided = story.hear(read)
    ledger.save(ReleaseState("fraud"), decided.records, story.now)
    counters = CountedReads({1: arm(since, labels, WRONG), 2: arm(since, labels, wrong)})
    return (
        QuarantineWatch(cast("CounterStore", counters), ledger),
        counters,
        story.state,
        story.now,
    )


def seen(
    labels: int, wrong: float, guard: GuardName = GuardName.ACCURACY
) -> QuarantineDoubted | None:
    watch, _, state, now = rolled_back(labels, wrong, guard)
    return watch(state, now + 3600.0)


def test_twice_the_labels_that_show_no_difference_clear_it() -> None:
    found = seen(labels=90, wrong=WRONG)
    assert found is not None
    assert found.digest == "model-2"
    assert "2700 instead of 400" in found.text


@pytest.mark.parametrize(
    ("labels", "wrong", "guard"),
    [
        (90, 3 * WRONG, GuardName.ACCURACY),  # they bear it out
        (20, WRONG, GuardName.ACCURACY),  # hardly more came
        (90, WRONG, GuardName.FAILURES),  # no label brought it down
    ],
)
def test_otherwise_nothing_is_said(labels: int, wrong: float, guard: GuardName) -> None:
    assert seen(labels, wrong, guard) is None


def test_it_looks_some_times_a_day_and_says_the_same_until_it_is_written_down() -> None:
    watch, counters, state, now = rolled_back(labels=90, wrong=WRONG)
    first = watch(state, now + 60.0)
    assert watch(state, now + 120.0) == first
    assert counters.reads == [1, 2]
    watch(state, now + 60.0 + LOOK_EVERY_S)
    assert counters.reads == [1, 2, 1, 2]
    (entry,) = state.quarantine
    told = replace(state, quarantine=(replace(entry, doubt="told"),))
    assert watch(told, now + 3 * LOOK_EVERY_S) is None


def test_nobody_looks_where_nothing_is_quarantined_or_labels_are_no_longer_accepted() -> None:
    watch, counters, state, now = rolled_back(labels=90, wrong=WRONG)
    assert watch(stable_story(2).state, now) is None
    assert watch(state, now + 40 * 86400.0) is None
    assert counters.reads == []
