"""Who moves a model: deploys to another home, people who finish or take back, strangers at the door."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.releases.events import Ask, CandidateWithdrawn, PersonAsked
from ladle.simulation.homes import MemoryHome
from ladle.simulation.schedule import Actors
from ladle.simulation.world import MODEL

EVERY = 10  # story is one in which the model moves
SLOWEST_DEPLOY_S = 200.0  # from a hand-off until the door can be led to its home
# Of machines: a function has none, an endpoint of SageMaker's takes longest.
SLOWEST_START_S = {
    Target.LAMBDA: 0.0,
    Target.ECS: 240.0,
    Target.SAGEMAKER: 600.0,
    Target.SAGEMAKER_SERVERLESS: 300.0,
}
GOES_BACK, OLD_PIPELINE, MISTAKEN, NEVER_STARTS = 0.15, 0.15, 0.15, 0.15


@dataclass(slots=True)
class MovingActors(Actors):
    """``leaves`` is the home that the model moves away from, as pinned.json says it."""

    leaves: Home | None = None

    def plan(self) -> None:
        super(MovingActors, self).plan()
        world, rng = self.world, self.rng
        world.let_move()
        world.door.is_there = rng.random() < 0.5
        for _ in range(rng.choice((1, 1, 2, 3))):
            world.later(rng.uniform(30, max(120, self.lasts_s * 0.7)), self.move)
        if rng.random() < 0.3:
            world.later(rng.uniform(60, self.lasts_s), self.lead_elsewhere)

    def move(self) -> None:
        """A deploy of a stack with two homes, the first release of the second, and its end."""
        state, world, rng = self.world.ledger.load(MODEL), self.world, self.rng
        if self.leaves is not None or state.stable is None:
            return
        target, base = rng.choice(list(SLOWEST_START_S)), max(self.versions.values())
        here = world.router
        world.routers[base] = MemoryHome(
            now=lambda: world.now,
            starts_in_s=rng.uniform(0, SLOWEST_START_S[target]),
            permitted=here.permitted,
            throttled=here.throttled,
        )
        self.leaves, self.home = self.home, Home(target, base)
        if world.door.is_there:
            world.later(rng.uniform(0, 20), self.be_half_ready)
        self.hand_over_here()
        if rng.random() < GOES_BACK:
            world.later(rng.uniform(1, 100), self.go_back)
        else:
            world.later(rng.uniform(0, SLOWEST_DEPLOY_S), self.be_ready)
        world.later(rng.uniform(150, 600), self.end)

    def be_half_ready(self) -> None:
        """The sample of what is left needs nothing that is new."""
        if self.leaves is not None:
            self.world.door.ready |= {self.leaves.base}

    def be_ready(self) -> None:
        """Nothing of the deploy can fail any more."""
        if self.leaves is not None:
            door = self.world.door
            door.is_there, door.ready = True, frozenset({self.leaves.base, self.home.base})

    def go_back(self) -> None:
        """The stack goes back, and all that it had made of the other home goes."""
        if self.leaves is not None:
            newest = self.handed_over[-1]
            del self.world.routers[self.home.base]
            self.world.door.ready = frozenset()
            if newest.home == self.home:
                self.post(CandidateWithdrawn(newest.release_digest))
            self.home, self.leaves = self.leaves, None

    def hand_over(self) -> None:
        """By a pipeline that has not seen the newest pinned.json, what it deployed before."""
        if self.leaves is None or self.rng.random() > OLD_PIPELINE:
            self.hand_over_here()
            return
        here, self.home = self.home, self.leaves
        self.hand_over_here()
        self.home = here

    def hand_over_here(self) -> None:
        """On machines a new release may fail before it is ever up."""
        home = self.world.routers[self.home.base]
        if isinstance(home, MemoryHome) and home.starts_in_s and self.rng.random() < NEVER_STARTS:
            home.doomed.add(max(self.versions.values()) + 1)
        super(MovingActors, self).hand_over()

    def end(self) -> None:
        """Where the model serves it stays, if nobody is mistaken."""
        stable = self.world.ledger.load(MODEL).stable
        if self.leaves is None or stable is None:
            return
        finishes = (stable.home == self.home) != (self.rng.random() < MISTAKEN)
        left = self.leaves if finishes else self.home
        by = f"person-{self.posted}"
        self.says(PersonAsked(Ask.LEAVE, by=by, reason="it has moved", to=left.base))
        self.world.later(self.rng.uniform(5, 300), lambda: self.let_go(left))

    def let_go(self, left: Home) -> None:
        """The next deploy has nothing of it, and renders the door as the controller has led it."""
        if self.leaves is None or left not in (self.home, self.leaves):
            return
        world, state = self.world, self.world.ledger.load(MODEL)
        if left.base not in state.left:
            if world.now < self.ends_at:
                world.later(self.rng.uniform(60, 300), self.end)
            return
        self.home, self.leaves = (self.leaves if left == self.home else self.home), None
        world.door.ready = frozenset()
        del world.routers[left.base]
        if world.door.base != self.home.base:
            world.door.leads_to(self.home.base)
            world.note_traffic()

    def lead_elsewhere(self) -> None:
        """Somebody at the console of the door, while there is a choice."""
        door, world = self.world.door, self.world
        state = world.ledger.load(MODEL)
        bases = {release.base for release in state.releases}
        if len(bases) < 2 or max(bases) not in door.ready or state.left:
            return
        door.leads_to(self.rng.choice((None, *sorted(door.ready - {door.base}))), is_strange=True)
        world.strange_at = world.now
        world.note_traffic()
        self.watch.danger.clear()
