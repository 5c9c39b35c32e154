"""Two controllers and a person, in every order of eight shared calls; a crash after each call.

`scripts/gate interleavings` plays all orders on all cores, `scripts/gate interleavings N` only N of
them, drawn from a seed. Prints how many; docs/benchmarks.md quotes it.
"""

from __future__ import annotations

import os
import random
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from ladle.simulation.interleavings import Order, crash_points, orders, play_order
from ladle.simulation.invariants import Violation
from ladle.simulation.openings import STORIES

pytestmark = [pytest.mark.gate, pytest.mark.timeout(4 * 3600)]

ORDERS_AT_ONCE = 500


def how_it_breaks(order: Order) -> str | None:
    """A sentence, so that one order that breaks an invariant does not hide the others."""
    try:
        play_order(order)
    except Violation as broken:
        return f"{order.story.__name__}, {order.before} calls, {order.word}, {order.act}: {broken}"
    return None


def test_no_order_of_turns_breaks_an_invariant(size: int | None) -> None:
    every = list(orders())
    chosen = random.Random(1).sample(every, size) if size else every
    began = time.perf_counter()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        played = list(pool.map(how_it_breaks, chosen, chunksize=ORDERS_AT_ONCE))
    broken = [sentence for sentence in played if sentence is not None]
    took = f"{len(played)} of {len(every)} orders of turns in {time.perf_counter() - began:.0f} s"
    print(f"\n{took}, {len(broken)} broke an invariant")
    assert not broken, "\n".join(broken[:20])


def test_no_single_crash_breaks_an_invariant() -> None:
    played = sum(1 for story in STORIES for _ in crash_points(story))
    print(f"\n{played} single crashes, none broke an invariant")
    assert played > 0
