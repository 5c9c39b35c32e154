"""Two controllers and a person take turns at every shared call, in every order.

A call is shared when others can see it or be seen by it: a read or a write of the alias or ledger. The
lease keeps neither controller out, as if each had slept through it. Each controller runs in a thread of
its own, and only one runs at a time: a word such as ``"abbh"`` says whose shared call is next.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ladle.actions.advance_release import LEASE_S, advance_release
from ladle.disk.alias import Alias
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.traffic import Traffic
from ladle.releases.events import Ask, CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import Release
from ladle.simulation.faults import CALM
from ladle.simulation.invariants import Violation
from ladle.simulation.plants import takes_no_lease
from ladle.simulation.rollouts import TICK_S, Plant, Simulation, as_it_is
from ladle.simulation.schedule import GUARDS
from ladle.simulation.world import MODEL, Truth

SHARED = frozenset({"read", "load", "save", "write"})
DEPTH = 8
TURN_S = 0.05  # of the simulated clock, for each shared call
MINUTES_AFTER = 5
POLICY = RolloutPolicy(
    bake_s=60.0,
    min_requests=20,
    min_labels=20,
    max_s=3600.0,
    holdback_s=120.0,
    labels_expected=True,
    guards=GUARDS,
)

Act = Callable[[Simulation], None]


class Gone(BaseException):
    """The thread of a controller that will not be heard of again."""


@dataclass(slots=True)
class Controller:
    """One wake-up that stops before each shared call until it is its turn."""

    simulation: Simulation
    plant: Plant
    name: str
    finished: bool = False
    calls: int = 0
    failure: Violation | None = None
    _killed: bool = False
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def turn(self) -> None:
        """Makes the shared call that it stands before, and goes on to the next."""
        if self.finished:
            return
        if self.calls == 0:
            threading.Thread(target=self._run, daemon=True).start()
        else:
            self._go.release()
        self._back.acquire()
        if self.failure is not None:
            raise self.failure

    def kill(self) -> None:
        """As a process dies: nothing of it runs any more."""
        if not self.finished and self.calls:
            self._killed = True
            self._go.release()
            self._back.acquire()
        self.finished = True

    def call(self, name: str, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        if self._killed:
            raise Gone
        answer = function(*args, **named)
        if name in SHARED:
            self.calls += 1
            self.simulation.world.pass_time(TURN_S)
            self._back.release()
            self._go.acquire()
            if self._killed:
                raise Gone
        return answer

    def now(self) -> float:
        return self.simulation.world.now

    def sleep(self, seconds: float) -> None:
        if self._killed:
            raise Gone
        self.simulation.world.pass_time(seconds)

    def _run(self) -> None:
        try:
            controls = takes_no_lease(self.plant(self.simulation.controls(self)))
            advance_release(MODEL, controls, self.name)
        except Gone:
            pass
        except Violation as violation:  # raised again where the turn was given
            self.failure = violation
        self.finished = True
        self._back.release()


def hand_over(simulation: Simulation, number: int) -> None:
    """What a deploy does: a version, and a message."""
    world = simulation.world
    world.router.publish(number)
    world.note_traffic()
    if number == 1:
        simulation.watch.first_weight[number] = world.now
    release = Release(number, f"release-{number}", f"model-{number}", None, world.now, POLICY)
    world.ledger.inbox.post(MODEL, f"message-{number}", CandidateReady(release), world.now)


def _canary(simulation: Simulation, truth: Truth, tried_s: float) -> None:
    """Release 1 has proved itself and release 2 has been tried for a while, unseen by anybody."""
    world = simulation.world
    world.truths = {1: Truth.HEALTHY, 2: truth, 3: Truth.HEALTHY}
    hand_over(simulation, 1)
    simulation.wake()
    world.pass_time(POLICY.bake_s + 30)
    simulation.wake()
    hand_over(simulation, 2)
    simulation.wake()
    world.pass_time(tried_s)


def worse(simulation: Simulation) -> None:
    """The evidence against the candidate suffices."""
    _canary(simulation, Truth.WRONG, 150.0)


def due(simulation: Simulation) -> None:
    """The candidate may be promoted."""
    _canary(simulation, Truth.HEALTHY, 150.0)


def held_back(simulation: Simulation) -> None:
    """The holdback of the candidate is over."""
    due(simulation)
    simulation.wake()
    simulation.world.pass_time(POLICY.holdback_s + 1)


def superseded(simulation: Simulation) -> None:
    """A newer candidate waits in the inbox while one is tried."""
    _canary(simulation, Truth.HEALTHY, 5.0)
    hand_over(simulation, 3)


def left_half_way(simulation: Simulation) -> None:
    """A controller died after it had decided on a rollback and before it wrote the alias."""
    worse(simulation)
    dying = Controller(simulation, as_it_is, "dying")
    while simulation.world.ledger.load(MODEL).intent is None:
        dying.turn()
    dying.kill()
    simulation.watch.disturbed()
    simulation.world.pass_time(LEASE_S + 1)


def ask(what: Ask) -> Act:
    def act(simulation: Simulation) -> None:
        world = simulation.world
        simulation.watch.asked_by.append("ada")
        message = PersonAsked(what, by="ada", reason="because")
        world.ledger.inbox.post(MODEL, f"ask-{what}", message, world.now)

    return act


def write_alias(simulation: Simulation) -> None:
    """At the console: the candidate gets half."""
    router = simulation.world.router
    if router.alias is not None:
        router.alias = Alias(Traffic(1, 2, 0.5), router.alias.writes + 1)
        simulation.world.note_traffic()
        simulation.watch.danger.clear()


def withdraw(simulation: Simulation) -> None:
    world = simulation.world
    world.ledger.inbox.post(MODEL, "withdraw", CandidateWithdrawn("release-2"), world.now)


STORIES: tuple[Act, ...] = (worse, due, held_back, superseded, left_half_way)
ACTS: dict[str, Act] = {
    "pauses": ask(Ask.PAUSE),
    "rolls back": ask(Ask.ROLLBACK),
    "promotes": ask(Ask.PROMOTE),
    "writes the alias": write_alias,
    "withdraws": withdraw,
    "hands over": lambda simulation: hand_over(simulation, 4),
}


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
