"""Labels of a proven release are read some times a day, and what they said is said until they are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from tests.unit.why.test_late_regression import ALONE_SINCE, BEGAN, DAY, windows

from ladle.actions.seldom import LOOK_EVERY_S
from ladle.actions.watch_late import LateWatch
from ladle.ports import CounterStore
from ladle.quality.counts import Window
from ladle.releases.deploy_log import Deployment, ServedRelease
from ladle.releases.state import ReleaseState
from ladle.simulation.memory import MemoryLedger
from ladle.testing.releases import canary_story, stable_story

NOW = BEGAN + 12 * DAY


@dataclass(slots=True)
class CountedReads:
    """``reads`` names releases whose windows were read."""

    windows: Mapping[int, Sequence[Window]]
    reads: list[int] = field(default_factory=list)

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        self.reads.append(release)
        return [w for w in self.windows.get(release, ()) if w.start >= since]


def watch(own: float) -> tuple[LateWatch, CountedReads, ReleaseState]:
    counters, ledger = CountedReads(windows(1, 12, lambda _: own)), MemoryLedger()
    served = ServedRelease(1, 1.0, None, None, None)
    ledger.log["fraud"] = [Deployment("fraud", 1, BEGAN, (served,), "first", None)]
    state = replace(stable_story(2).state, phase_since=ALONE_SINCE)
    return LateWatch(cast("CounterStore", counters), ledger), counters, state


def test_it_looks_at_all_that_served_a_few_times_a_day() -> None:
    late, counters, state = watch(own=0.1)
    for minute in range(3):
        assert late(state, NOW + 60 * minute) is None
    assert counters.reads == [1, 2]
    late(state, NOW + LOOK_EVERY_S)
    assert counters.reads == [1, 2, 1, 2]


def test_what_it_saw_is_said_again_until_the_incident_is_open() -> None:
    late, counters, state = watch(own=0.16)
    first = late(state, NOW)
    assert first is not None
    assert (first.release, first.to_blame) == (2, 2)
    assert late(state, NOW + 1) == first
    assert counters.reads == [1, 2]
    assert late(replace(state, incident=first.text), NOW + 2) is None


def test_nobody_looks_during_a_trial_or_where_no_labels_are_expected() -> None:
    late, counters, state = watch(own=0.16)
    release = replace(
        state.the_stable, policy=replace(state.the_stable.policy, labels_expected=False)
    )
    assert late(canary_story().state, NOW) is None
    assert late(replace(state, stable=release), NOW) is None
    assert counters.reads == []
