"""Two controllers and a person at once, and a controller that dies at any call: a sample of all orders.

`scripts/gate interleavings` plays every one.
"""

from __future__ import annotations

import random

import pytest

from ladle.policy.statuses import Phase
from ladle.simulation import plants
from ladle.simulation.interleavings import Order, crash_points, orders, play_order
from ladle.simulation.invariants import Violation
from ladle.simulation.openings import STORIES, Act, worse
from ladle.simulation.rollouts import Plant
from ladle.simulation.world import MODEL

SAMPLE = random.Random(0).sample(list(orders()), 400)


@pytest.mark.timeout(120)
def test_no_order_of_turns_breaks_an_invariant() -> None:
    for order in SAMPLE:
        play_order(order)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_controller_that_dies_after_any_shared_call_is_made_good_by_the_next(story: Act) -> None:
    ends = {
        (state.phase, state.stable and state.stable.number)
        for ended in crash_points(story)
        for state in [ended.world.ledger.load(MODEL)]
    }
    assert len(ends) == 1
    assert {phase for phase, _ in ends} <= {Phase.STABLE, Phase.HOLDBACK, Phase.CANARY}


@pytest.mark.parametrize("plant", [plants.ignores_revisions, plants.ignores_generations])
def test_a_controller_that_writes_over_the_other_is_noticed(plant: Plant) -> None:
    with pytest.raises(Violation):
        _play_all(plant)


def _play_all(plant: Plant) -> None:
    for order in SAMPLE:
        play_order(order, plant)


def test_a_word_says_whose_call_is_next() -> None:
    """The first decides to roll back, the second finds it decided and finishes it."""
    order = Order(worse, "pauses", before=0, word="bbbbbbbb")
    state = play_order(order).world.ledger.load(MODEL)
    assert (state.phase, state.stable and state.stable.number) == (Phase.STABLE, 1)
