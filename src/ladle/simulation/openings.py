"""Where two controllers begin, and what a person may do while they are at work."""

from __future__ import annotations

from collections.abc import Callable

from ladle.actions.advance_release import LEASE_S
from ladle.disk.alias import Alias
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.traffic import Traffic
from ladle.releases.events import Ask, CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import Release
from ladle.simulation.homes import MemoryHome
from ladle.simulation.rollouts import Simulation, as_it_is
from ladle.simulation.schedule import GUARDS
from ladle.simulation.turns import Controller
from ladle.simulation.world import MODEL, Truth

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


def hand_over(simulation: Simulation, number: int) -> None:
    """What a deploy does: a version in the newest home, and a message."""
    world = simulation.world
    base = max(base for base in world.routers if base is not None)
    world.routers[base].publish(number)
    world.note_traffic()
    if number == 1:
        simulation.watch.first_weight[number] = world.now
    release = Release(
        number, f"release-{number}", f"model-{number}", None, world.now, POLICY, base=base
    )
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


def moves(simulation: Simulation) -> None:
    """Release 1 has proved itself, and the deploy of release 2 to another home is done."""
    world = simulation.world
    world.let_move()
    world.truths = {1: Truth.HEALTHY, 2: Truth.FAILING}
    hand_over(simulation, 1)
    simulation.wake()
    world.pass_time(POLICY.bake_s + 30)
    simulation.wake()
    world.routers[1] = MemoryHome(now=lambda: world.now)
    world.door.ready = frozenset({0, 1})
    hand_over(simulation, 2)


def moves_back(simulation: Simulation) -> None:
    """The release that moved is live, and fails."""
    moves(simulation)
    simulation.wake()
    simulation.world.pass_time(70.0)


def ask(what: Ask) -> Act:
    def act(simulation: Simulation) -> None:
        world = simulation.world
        simulation.watch.asked_by.append("ada")
        message = PersonAsked(what, by="ada", reason="because")
        world.ledger.inbox.post(MODEL, f"ask-{what}", message, world.now)

    return act


def write_alias(simulation: Simulation) -> None:
    """At the console: the candidate gets half, or all that a door can give to another home."""
    world = simulation.world
    router, door = world.router, world.door
    if world.moves:
        other = next(base for base in door.ready if base != door.base)
        door.leads_to(other, is_strange=True)
        world.strange_at = world.now
        world.note_traffic()
        simulation.watch.danger.clear()
    elif router.alias is not None:
        router.alias = Alias(Traffic(1, 2, 0.5), router.alias.writes + 1)
        world.strange_at = world.now
        world.note_traffic()
        simulation.watch.danger.clear()


def withdraw(simulation: Simulation) -> None:
    world = simulation.world
    world.ledger.inbox.post(MODEL, "withdraw", CandidateWithdrawn("release-2"), world.now)


STORIES: tuple[Act, ...] = (worse, due, held_back, superseded, left_half_way, moves, moves_back)
ACTS: dict[str, Act] = {
    "pauses": ask(Ask.PAUSE),
    "rolls back": ask(Ask.ROLLBACK),
    "promotes": ask(Ask.PROMOTE),
    "writes the alias": write_alias,
    "withdraws": withdraw,
    "hands over": lambda simulation: hand_over(simulation, 4),
}
