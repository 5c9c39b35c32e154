"""Two controllers and a person, in every order of eight shared calls; a crash after each call.

Prints how many; docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import time

import pytest

from ladle.simulation.interleavings import STORIES, crash_points, orders, play_order

pytestmark = [pytest.mark.gate, pytest.mark.timeout(4 * 3600)]


def test_no_order_of_turns_breaks_an_invariant() -> None:
    began, played = time.perf_counter(), 0
    for order in orders():
        play_order(order)
        played += 1
    print(
        f"\n{played} orders of turns in {time.perf_counter() - began:.0f} s, none broke an invariant"
    )


def test_no_single_crash_breaks_an_invariant() -> None:
    played = sum(1 for story in STORIES for _ in crash_points(story))
    print(f"\n{played} single crashes, none broke an invariant")
