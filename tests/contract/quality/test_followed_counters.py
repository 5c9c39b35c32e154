"""Counters that are followed are those that would be read anew, and most of them are not read again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from ladle.aws.counter_store import AwsCounterStore
from ladle.aws.followed_counters import LONGEST_WRITE_S, FollowedCounters
from ladle.aws.session import AwsSession
from ladle.quality.counts import MICRO, Counts, WindowKey
from ladle.testing.laboratory import SetClock

ON_AWS = pytest.mark.parametrize(
    "session", ["moto", pytest.param("ministack", marks=pytest.mark.embedded)], indirect=True
)
BEGAN = SetClock().now()
DRIFT = {f"d.age.{bin_}": 1 for bin_ in range(3)}


def key(minute: int, release: int = 7) -> WindowKey:
    return WindowKey("fraud", release, BEGAN + 60.0 * minute)


@pytest.fixture
def answered(session: AwsSession) -> list[int]:
    """How many items each query was answered with."""
    seen: list[int] = []

    def count(parsed: Any, **_: object) -> None:
        seen.append(parsed["Count"])

    session.dynamodb.meta.events.register("after-call.dynamodb.Query", count)
    return seen


@ON_AWS
def test_what_is_followed_is_what_would_be_read_anew(session: AwsSession, table: str) -> None:
    """New windows, late labels, columns of drift, a write that took as long as one can."""
    clock, late, draws = SetClock(), SetClock(), random.Random(5)
    store = AwsCounterStore(session.dynamodb, clock, table)
    slow = AwsCounterStore(session.dynamodb, late, table)
    followed = FollowedCounters(session.dynamodb, clock, table)
    for minute in range(20):
        at = draws.randint(0, minute)
        late.seconds = clock.now() - LONGEST_WRITE_S
        store.add({f"new {minute}": {key(minute): Counts(600, latency={8: 600})}})
        slow.add({f"late {minute}": {key(at): Counts(labelled_micro=MICRO, tallies={"c.1": 1})}})
        if minute % 7 == 0:
            store.add({f"rows {minute}": {key(0): Counts(tallies=DRIFT)}})
        assert followed.read("fraud", 7, BEGAN) == store.read("fraud", 7, BEGAN)
        clock.sleep(60.0)


@ON_AWS
def test_only_what_was_written_to_lately_is_read_again(
    session: AwsSession, table: str, answered: list[int]
) -> None:
    clock = SetClock()
    store = AwsCounterStore(session.dynamodb, clock, table)
    followed = FollowedCounters(session.dynamodb, clock, table)
    store.add({"old": {key(minute): Counts(600) for minute in range(50)}})
    before = followed.read("fraud", 7, BEGAN)
    clock.sleep(2 * LONGEST_WRITE_S)
    store.add({"label": {key(20): Counts(labelled_micro=MICRO)}})
    followed.read("fraud", 7, BEGAN)
    clock.sleep(60.0)
    after = followed.read("fraud", 7, BEGAN)
    assert answered == [50, 50, 1], "the second asks for all that the first may have missed"
    assert [a is b for a, b in zip(after, before, strict=True)].count(False) == 1


@ON_AWS
def test_another_rollout_is_read_from_its_own_beginning(session: AwsSession, table: str) -> None:
    clock = SetClock()
    store = AwsCounterStore(session.dynamodb, clock, table)
    followed = FollowedCounters(session.dynamodb, clock, table)
    store.add(
        {"a": {key(minute, release): Counts(1) for minute in (0, 5) for release in (7, 8, 9)}}
    )
    reads: list[Callable[[], object]] = [
        lambda: followed.read("fraud", 7, BEGAN + 300) == store.read("fraud", 7, BEGAN + 300),
        lambda: followed.read("fraud", 7, BEGAN) == store.read("fraud", 7, BEGAN),
        lambda: followed.read("fraud", 8, BEGAN) == store.read("fraud", 8, BEGAN),
        lambda: followed.read("fraud", 9, BEGAN) == store.read("fraud", 9, BEGAN),
        lambda: followed.read("fraud", 7, BEGAN) == store.read("fraud", 7, BEGAN),
    ]
    assert all(same() for same in reads)
    clock.sleep(3600.0)
    assert all(same() for same in reads)
