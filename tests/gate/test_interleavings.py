"""Two controllers and a person, in every order of eight shared calls; a crash after each call.

`scripts/gate interleavings N` plays N of the orders, drawn from a seed. Prints how many;
docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import random
import time

import pytest

from ladle.simulation.interleavings import STORIES, crash_points, orders, play_order

pytestmark = [pytest.mark.gate, pytest.mark.timeout(4 * 3600)]


def test_no_order_of_turns_breaks_an_invariant(size: int | None) -> None:
    every = list(orders())
    played = random.Random(1).sample(every, size) if size else every
    began = time.perf_counter()
    for order in played:
        play_order(order)
    took = f"{len(played)} of {len(every)} orders of turns in {time.perf_counter() - began:.0f} s"
    print(f"\n{took}, none broke an invariant")


def test_no_single_crash_breaks_an_invariant() -> None:
    played = sum(1 for story in STORIES for _ in crash_points(story))
    print(f"\n{played} single crashes, none broke an invariant")
    assert played > 0
