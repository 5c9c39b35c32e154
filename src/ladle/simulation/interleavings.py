"""Two controllers and a person take turns at every shared call, in every order.

A word such as ``"abbh"`` says whose shared call is next; see ``turns``.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ladle.simulation.faults import CALM
from ladle.simulation.openings import ACTS, STORIES, Act
from ladle.simulation.rollouts import TICK_S, Plant, Simulation, as_it_is
from ladle.simulation.turns import Controller

DEPTH = 8
MINUTES_AFTER = 5


@dataclass(frozen=True, slots=True)
class Order:
    """``before`` shared calls of the first controller, then the turns of ``word``: ``a`` and ``b`` for
    the controllers, ``h`` for the person.
    """

    story: Act
    act: str
    before: int
    word: str


def orders(depth: int = DEPTH) -> Iterator[Order]:
    """All of them: the person acts once or not at all.

    A word that begins with the first controller is the end of one with more calls ``before``.
    """
    for story in STORIES:
        for before in range(alone(story)):
            for word in words(depth):
                if "h" not in word:
                    yield Order(story, "pauses", before, word)
                    continue
                for act in ACTS:
                    yield Order(story, act, before, word)


def words(depth: int) -> Sequence[str]:
    quiet = ["".join(w) for w in itertools.product("ab", repeat=depth)]
    one_less = ["".join(w) for w in itertools.product("ab", repeat=depth - 1)]
    with_person = [w[:k] + "h" + w[k:] for w in one_less for k in range(depth)]
    return [word for word in quiet + with_person if not word.startswith("a")]


def alone(story: Act) -> int:
    """Shared calls of a controller whom nobody disturbs."""
    simulation = _begun(story)
    controller = Controller(simulation, as_it_is, "a")
    while not controller.finished:
        controller.turn()
    return controller.calls


def play_order(order: Order, plant: Plant = as_it_is) -> Simulation:
    """Raises Violation when an invariant does not hold."""
    simulation = _begun(order.story)
    first, second = (Controller(simulation, plant, name) for name in "ab")
    try:
        for _ in range(order.before):
            first.turn()
        for who in order.word:
            if who == "h":
                ACTS[order.act](simulation)
            else:
                (first if who == "a" else second).turn()
            simulation.watch.woke()
        for controller in (second, first):
            while not controller.finished:
                controller.turn()
    finally:
        first.kill()
        second.kill()
    return _ended(simulation)


def crash_points(story: Act, plant: Plant = as_it_is) -> Iterator[Simulation]:
    """The same story with its controller dead after each shared call in turn, and another after it."""
    for calls in range(1, alone(story) + 1):
        simulation = _begun(story)
        dying = Controller(simulation, plant, "a")
        for _ in range(calls):
            dying.turn()
        dying.kill()
        simulation.watch.disturbed()
        yield _ended(simulation)


def _begun(story: Act) -> Simulation:
    simulation = Simulation(random.Random(0), CALM)
    story(simulation)
    return simulation


def _ended(simulation: Simulation) -> Simulation:
    for _ in range(MINUTES_AFTER):
        simulation.world.pass_time(TICK_S)
        simulation.wake()
    simulation.watch.ends()
    return simulation
