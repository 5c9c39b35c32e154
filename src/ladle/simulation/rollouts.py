"""The deployed decision code against a hostile world: one seed, one story, sixteen invariants."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import cast

from ladle.actions.advance_release import Advance, advance_release
from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.controls import Controls
from ladle.errors import Forbidden
from ladle.policy.statuses import Phase
from ladle.policy.verdicts import Evidence
from ladle.ports import HomeRouter, TrafficRouter
from ladle.releases.effects import RecordKind
from ladle.releases.events import CostRead
from ladle.releases.state import ReleaseState
from ladle.simulation.faults import CALM, Caller, Crash, Odds, Process, faulty
from ladle.simulation.invariants import Violation, Watch
from ladle.simulation.looks import Looks
from ladle.simulation.moving import EVERY, MovingActors
from ladle.simulation.schedule import Actors
from ladle.simulation.watched import WatchedAlarms, WatchedDoor, WatchedLedger, WatchedRouter
from ladle.simulation.world import MODEL, World

TICK_S = 60.0
QUIET_S = 3600.0
PAUSED_S = 600.0  # evidence that had not come by then comes no more

Plant = Callable[[Controls], Controls]


def as_it_is(controls: Controls) -> Controls:
    """The controller without a mistake."""
    return controls


@dataclass(frozen=True, slots=True)
class Story:
    """How one seed went: where it ended, and how often what was recorded."""

    seed: int
    phase: Phase
    recorded: Mapping[RecordKind, int]
    wakes: int
    crashes: int


class BrokenAt(Exception):
    """A violation with the seed that shows it again."""

    def __init__(self, seed: int, violation: Violation) -> None:
        self.seed, self.invariant = seed, violation.invariant
        super().__init__(f"seed {seed}: {violation}")
        self._arguments = (seed, violation)

    def __reduce__(self) -> tuple[type[BrokenAt], tuple[int, Violation]]:
        return BrokenAt, self._arguments  # so that it can come from another process


@dataclass(slots=True)
class Simulation:
    """Wakes controllers in a world; ``plant`` swaps a part for a wrong one, to see it caught.

    ``calls`` are those of the newest wake-up, by which a test says where to crash; ``dies_at`` is a call
    by the numbers of its wake-up and of itself.
    """

    rng: random.Random
    odds: Odds
    plant: Plant = as_it_is
    dies_at: tuple[int, int] | None = None
    world: World = field(default_factory=World)
    wakes: int = 0
    crashes: int = 0
    calls: int = 0
    watch: Watch = field(init=False)
    _idle: list[tuple[Process, Looks, Controls]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.watch = Watch(self.world, self.odds.rollback_within_s)

    def wake(self, crash_at: int | None = None) -> Advance | None:
        """One wake-up; None when it crashed."""
        self.wakes += 1
        if self.dies_at is not None and self.dies_at[0] == self.wakes:
            crash_at = self.dies_at[1]
        process, looks, controls = self._idle.pop() if self._idle else self._process()
        looks.forget()
        process.starts(f"wake-{self.wakes}", self.odds, crash_at)
        try:
            return advance_release(MODEL, controls, process.name)
        except Crash:
            self.crashes += 1
            return None
        except Forbidden:  # as the controller's handler does: it is logged, and tried again later
            return None
        finally:
            self.calls = process.calls
            self.watch.woke()
            self._idle.append((process, looks, controls))

    def _process(self) -> tuple[Process, Looks, Controls]:
        """One that may be started again and again; a wake-up during another's needs a second."""
        process, looks = Process(self.world, self.rng, self.watch.disturbed), Looks()
        return process, looks, self.plant(self.controls(process, looks))

    def tick(self) -> None:
        """The one-minute rule, which may miss a minute."""
        self.world.later(TICK_S, self.tick)
        if self.rng.random() < self.odds.crash:
            self.watch.disturbed()
        else:
            self.wake()

    def comes_to_rest(self) -> None:
        """Ticks on until nothing can change any more, at most ``QUIET_S``."""
        ends_at = self.world.now + QUIET_S
        while self.world.now < ends_at and not self._rests():
            self.world.pass_time(TICK_S)

    def _rests(self) -> bool:
        """Only ticks are to come, and each will read what the last one read."""
        state, alias = self.world.ledger.load(MODEL), self.world.router.alias
        waits = state.intent or state.outbox or state.waiting or self._is_tried(state)
        messages = self.world.ledger.inbox.pending(MODEL)
        if len(self.world.agenda) > 1 or alias is None:
            return False
        if self.world.serving is (state.phase is Phase.STOPPED):
            return False
        if state.phase is Phase.STOPPED:
            return not state.outbox
        if state.phase is Phase.FROZEN:  # what waits, waits for a person
            return any(t and t.reads_like(alias.traffic) for t in (state.foreign, state.traffic))
        known = state.traffic is not None and state.traffic.reads_like(alias.traffic)
        return known and not waits and not messages

    def _is_tried(self, state: ReleaseState) -> bool:
        if state.phase is not Phase.PAUSED or state.held_since is not None:
            return state.on_trial is not None
        return state.paused_by is None and self.world.now - state.phase_since < PAUSED_S

    def controls(self, process: Caller, looks: Looks | None = None) -> Controls:
        world, watch, looks = self.world, self.watch, looks or Looks()
        ledger = WatchedLedger(world, watch, looks)
        return Controls(
            ledger=faulty(process, ledger),
            inbox=faulty(process, world.ledger.inbox),
            traffic=self._traffic(process, ledger, looks),
            alarms=faulty(process, WatchedAlarms(world, watch)),
            announcer=faulty(process, world.announcer),
            clock=process,
            judge=lambda state, now: process.call("judge", self._judge, state, now),
            late=lambda state, _now: process.call("late", self.world.late, state),
            spending=lambda _state, _now: process.call("spending", CostRead, world.overrun),
            switch=lambda _model, on: process.call("switch", self._switch, on),
            switched=lambda _model, on: process.call("switched", self._is_switched, on),
            doubts=lambda state, _now: process.call("doubts", self.world.doubts, state),
        )

    def _traffic(self, process: Caller, ledger: WatchedLedger, looks: Looks) -> TrafficRouter:
        """Each call of a home or of the door may be the process's last; what is between them may not."""
        world, watch = self.world, self.watch
        if not world.moves:
            return faulty(process, WatchedRouter(world, watch, looks))

        @cache
        def router(base: int) -> HomeRouter:
            return cast("HomeRouter", faulty(process, WatchedRouter(world, watch, looks, base)))

        return BehindOneDoor(
            lambda model: world.homes(looks.state or process.call("load", ledger.load, model)),
            lambda home: router(home.base),
            faulty(process, WatchedDoor(world, watch, looks)),
        )

    def _switch(self, on: bool) -> None:
        self.world.serving = on
        self.watch.danger.clear()  # nobody is answered

    def _is_switched(self, on: bool) -> bool:
        return self.world.serving is on

    def _judge(self, state: ReleaseState, now: float) -> Evidence | None:
        evidence = self.world.judge(state, now)
        newest = self.world.ledger.load(MODEL).generation == state.generation
        if newest and evidence is not None and evidence.worst is not None:
            self.watch.sees_danger(evidence.candidate_release, for_good=True)
        return evidence


def single_crashes(seed: int) -> Iterator[Story]:
    """The same story, in which nothing else goes wrong, with one controller dead at each of its calls in turn."""
    for wake in range(1, play(seed, CALM).wakes + 1):
        for call in itertools.count(1):
            story = play(seed, CALM, dies_at=(wake, call))
            if not story.crashes:
                break
            yield story


def play(
    seed: int,
    odds: Odds | None = None,
    plant: Plant | None = None,
    dies_at: tuple[int, int] | None = None,
) -> Story:
    """Plays one story; raises BrokenAt with the seed when an invariant does not hold."""
    rng = random.Random(seed)
    simulation = Simulation(rng, odds or Odds(), plant or as_it_is, dies_at)
    kind = MovingActors if seed % EVERY == 0 else Actors
    actors = kind(simulation.world, simulation.watch, rng, simulation.wake)
    actors.plan()
    try:
        simulation.tick()
        simulation.world.pass_time(actors.lasts_s)
        simulation.odds = CALM
        simulation.world.requests_per_s = 5.0
        simulation.comes_to_rest()
        simulation.watch.ends()
    except Violation as violation:
        raise BrokenAt(seed, violation) from violation
    return Story(
        seed,
        simulation.world.ledger.load(MODEL).phase,
        Counter(row.kind for row in simulation.watch.rows),
        simulation.wakes,
        simulation.crashes,
    )
