"""Thousands of hostile stories keep the sixteen invariants; a planted mistake breaks one."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from ladle.actions.advance_release import Advance
from ladle.policy.statuses import Phase
from ladle.releases.effects import RecordKind
from ladle.releases.events import CandidateReady
from ladle.simulation import moving_plants, plants
from ladle.simulation.faults import CALM, HARSH, Odds
from ladle.simulation.moving import EVERY
from ladle.simulation.openings import moves_back
from ladle.simulation.rollouts import TICK_S, BrokenAt, Plant, Simulation, play
from ladle.simulation.world import MODEL, Truth
from ladle.testing.releases import release

STORIES = 4000  # tests/runtime/test_many_stories.py plays 96,000 more

# The invariants that a mistake may break; which one is met first depends on the story.
PLANTED: dict[Plant, set[int]] = {
    plants.goes_back_to_the_number_before: {4, 6},
    plants.quarantines_nothing: {4},
    plants.promotes_on_silence: {3, 11},
    plants.rolls_back_only_when_time_is_up: {5},
    plants.brings_back_what_was_rolled_back: {4},
    plants.undoes_foreign_writes: {12, 15},
    plants.works_on_while_paused: {9, 15},
    plants.keeps_old_evidence: {7},
    plants.forgets_who_asked: {3, 15},
    plants.keeps_no_numbers: {3, 13, 15},
    plants.believes_its_own_writes: {
        7,
        9,
        12,
        16,
    },  # it may retire what has traffic, again and again
    plants.takes_its_time: {5},
    plants.rolls_back_unprobed: {6},
    plants.ignores_revisions: {8, 12},
    plants.ignores_generations: {1, 7, 8},
}
PLANTED_IN_A_MOVE: dict[Plant, set[int]] = {
    moving_plants.splits_between_two_homes: {16},
    moving_plants.leaves_what_serves: {6, 16},
    moving_plants.leads_the_door_first: {8, 12},
    moving_plants.asks_no_door: {9, 12},
    moving_plants.waits_for_no_machine: {16},
    moving_plants.tries_where_it_left: {16},
}


@pytest.mark.timeout(400)
def test_no_story_breaks_an_invariant() -> None:
    """A failure names its seed: ``play(seed)`` shows it again."""
    recorded: Counter[RecordKind] = Counter()
    ends: Counter[Phase] = Counter()
    crashes = 0
    for seed in range(STORIES):
        story = play(seed)
        recorded.update(story.recorded)
        ends[story.phase] += 1
        crashes += story.crashes
    rare = {kind for kind in RecordKind if recorded[kind] < STORIES / 100} - {RecordKind.REMOVED}
    assert not rare, f"hardly ever seen: {rare}"
    assert crashes > STORIES
    # In every second story a stranger writes the alias, in many a person pauses: that rests as it is.
    assert ends[Phase.STABLE] > 0.45 * STORIES


def test_no_harsh_story_breaks_an_invariant() -> None:
    for seed in range(STORIES // 20):
        play(seed, HARSH)


def test_back_to_another_home_takes_no_longer_than_others_have_though_calls_fail() -> None:
    failing = Odds(crash=0.0, stalled=0.0)
    for seed in range(400):
        simulation = Simulation(random.Random(seed), CALM)
        moves_back(simulation)
        simulation.odds, world = failing, simulation.world
        began = world.now
        while world.door.base != 0:
            simulation.wake()
            assert world.now - began < failing.rollback_within_s, seed
            world.pass_time(TICK_S - (world.now - began) % TICK_S)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_noticed(plant: Plant) -> None:
    with pytest.raises(BrokenAt) as broken:
        _play_many(plant, range(1000))
    assert broken.value.invariant in PLANTED[plant]


@pytest.mark.parametrize("plant", PLANTED_IN_A_MOVE, ids=lambda plant: plant.__name__)
def test_a_mistake_that_only_a_move_shows_is_noticed(plant: Plant) -> None:
    with pytest.raises(BrokenAt) as broken:
        _play_many(plant, range(0, 1000 * EVERY, EVERY))
    assert broken.value.invariant in PLANTED_IN_A_MOVE[plant]


def _play_many(plant: Plant, seeds: range) -> None:
    for seed in seeds:
        play(seed, plant=plant)


def test_without_the_lease_nothing_breaks() -> None:
    """Generations and revisions guard; the lease only spares work that another does already."""
    for seed in range(500):
        play(seed, plant=plants.takes_no_lease)


def _rollback_story(crash_at: int | None) -> tuple[Simulation, int]:
    """Release 1 proves itself, release 2 fails and is rolled back; ``crash_at`` is a call's number."""
    simulation = Simulation(random.Random(7), CALM)
    world, calls = simulation.world, 0
    world.truths = {1: Truth.HEALTHY, 2: Truth.WRONG}

    def hand_over(number: int) -> None:
        world.router.publish(number)
        world.note_traffic()
        simulation.watch.first_weight.setdefault(number, world.now)
        message = CandidateReady(release(number, max_s=3000.0))
        world.ledger.inbox.post(MODEL, f"message-{number}", message, world.now)

    hand_over(1)
    for minute in range(16):
        if minute == 5:
            hand_over(2)
        left = None if crash_at is None else crash_at - calls
        simulation.wake(left if left is None or left > 0 else None)
        calls += simulation.calls
        world.pass_time(60)
    simulation.watch.ends()
    return simulation, calls


def test_a_crash_at_any_call_reaches_the_same_end() -> None:
    def end(simulation: Simulation) -> object:
        ledger, alias = simulation.world.ledger, simulation.world.router.alias
        state = ledger.load(MODEL)
        rows = [(row.kind, row.release) for row in ledger.records(MODEL)]
        digests = [(q.scope, q.digest) for q in state.quarantine]
        return (state.phase, state.statuses, digests, alias and alias.traffic, rows)

    calm, calls = _rollback_story(crash_at=None)
    assert calm.world.router.alias is not None
    assert calm.world.router.alias.traffic.weights == {1: 1.0}
    for crash_at in range(1, calls + 1):
        crashed, _ = _rollback_story(crash_at)
        assert crashed.crashes == 1, crash_at
        assert end(crashed) == end(calm), f"crash at call {crash_at} of {calls}"


def test_a_wake_up_with_nothing_to_do_writes_nothing() -> None:
    simulation, _ = _rollback_story(crash_at=None)
    ledger = simulation.world.ledger
    before = (ledger.load(MODEL), dict(ledger.leases), simulation.world.router.alias)
    assert simulation.wake() is Advance.QUIET
    assert (ledger.load(MODEL), dict(ledger.leases), simulation.world.router.alias) == before


def test_people_hear_of_a_rollback_once() -> None:
    simulation, _ = _rollback_story(crash_at=None)
    said = [subject for subject, _ in simulation.world.announcer.said]
    assert said == ["m: rolled back from release 2 to 1"]
