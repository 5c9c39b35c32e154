"""What one wake-up makes of a cause that is shared, and of a permission that is gone."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from ladle.actions.advance_release import advance_release
from ladle.errors import Forbidden, LadleError, Unavailable
from ladle.policy.statuses import Phase
from ladle.policy.stopping import StopPolicy
from ladle.policy.traffic import Traffic
from ladle.ports import ReleaseLedger
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady
from ladle.releases.state import ReleaseState
from ladle.simulation.faults import CALM, Process
from ladle.simulation.homes import MemoryHome
from ladle.simulation.openings import POLICY, ask, due, hand_over, moves, worse
from ladle.simulation.rollouts import Simulation
from ladle.simulation.world import MODEL, Truth
from ladle.testing.releases import release

DELAYED = "m: traffic cannot be moved yet"


def begun_worse() -> Simulation:
    simulation = Simulation(random.Random(0), CALM)
    worse(simulation)
    return simulation


def roll_back_others(simulation: Simulation, *others: str) -> None:
    for other in others:
        state = ReleaseState(other, rollback_times=(simulation.world.now,))
        simulation.world.ledger.states[other] = state


def test_two_others_that_just_rolled_back_are_found_in_the_ledger() -> None:
    simulation = begun_worse()
    roll_back_others(simulation, "a", "b")
    simulation.wake()
    assert simulation.world.ledger.load(MODEL).phase is Phase.PAUSED
    simulation.world.pass_time(300)
    simulation.wake()
    assert simulation.world.router.alias is not None
    assert simulation.world.router.alias.traffic == Traffic(1)


def test_one_other_holds_nothing_up() -> None:
    simulation = begun_worse()
    roll_back_others(simulation, "a")
    simulation.wake()
    assert simulation.world.ledger.load(MODEL).phase is Phase.STABLE


@dataclass(frozen=True, slots=True)
class KnowsNoOthers:
    port: Any

    def models(self) -> list[str]:
        raise Unavailable("LD504", "the table was throttled", "try again")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.port, name)


def test_where_the_others_cannot_be_asked_a_rollback_does_not_wait() -> None:
    simulation = begun_worse()
    roll_back_others(simulation, "a", "b")
    process = Process(simulation.world, simulation.rng, simulation.watch.disturbed)
    controls = simulation.controls(process)
    ledger = cast("ReleaseLedger", KnowsNoOthers(controls.ledger))
    advance_release(MODEL, replace(controls, ledger=ledger), "test")
    assert simulation.world.ledger.load(MODEL).phase is Phase.STABLE


def test_an_outage_of_both_releases_rolls_nothing_back() -> None:
    simulation = Simulation(random.Random(0), CALM)
    due(simulation)
    simulation.world.outage = True
    simulation.wake()
    state = simulation.world.ledger.load(MODEL)
    assert (state.phase, state.paused_from) == (Phase.PAUSED, Phase.CANARY)
    simulation.world.outage = False
    simulation.world.pass_time(300)
    simulation.wake()
    assert simulation.world.ledger.load(MODEL).phase is Phase.HOLDBACK


def test_without_permission_no_candidate_begins_and_people_are_told_what_is_missing() -> None:
    simulation = Simulation(random.Random(0), CALM)
    due(simulation)
    simulation.wake()
    simulation.world.pass_time(POLICY.holdback_s + 1)
    simulation.wake()
    world = simulation.world
    world.router.permitted = False
    hand_over(simulation, 3)
    simulation.wake()
    assert world.router.alias is not None
    assert world.router.alias.traffic == Traffic(2)
    assert [r.number for r in world.ledger.load(MODEL).waiting] == [3]
    subject, text = world.announcer.said[-1]
    assert subject == "m: a rollback is not possible"
    assert "AccessDeniedException InvokeFunction" in text

    world.router.permitted = True
    simulation.wake()
    assert world.ledger.load(MODEL).phase is Phase.CANARY


def test_a_rollback_that_is_denied_is_told_once_and_done_when_it_may_be() -> None:
    simulation = begun_worse()
    world = simulation.world
    world.router.permitted = False
    for _ in range(3):
        simulation.wake()
        world.pass_time(60)
    assert [subject for subject, _ in world.announcer.said].count(
        "m: a rollback is not possible"
    ) == 1
    kinds = [row.kind for row in world.ledger.records(MODEL)]
    assert kinds.count(RecordKind.ROLLED_BACK) == 1
    world.router.permitted = True
    simulation.wake()
    assert world.router.alias is not None
    assert world.router.alias.traffic == Traffic(1)
    assert world.ledger.load(MODEL).blocked is None


def test_a_rollback_that_is_throttled_for_two_minutes_is_told_once_and_done_when_aws_takes_it() -> (
    None
):
    simulation = begun_worse()
    world = simulation.world
    world.router.throttled = True
    told_after = []
    for _ in range(5):
        simulation.wake()
        told_after.append([subject for subject, _ in world.announcer.said].count(DELAYED))
        world.pass_time(60)
    assert told_after == [0, 1, 1, 1, 1]
    assert "UpdateAlias was throttled" in world.announcer.said[-1][1]
    world.router.throttled = False
    simulation.wake()
    assert world.router.alias is not None
    assert world.router.alias.traffic == Traffic(1)
    state = world.ledger.load(MODEL)
    assert (state.phase, state.blocked, state.outbox) == (Phase.STABLE, None, ())


def test_who_may_not_even_read_the_alias_says_so() -> None:
    """The handler logs what is raised; people hear of it before."""

    @dataclass(frozen=True, slots=True)
    class Blind:
        port: Any

        def read(self, model: str) -> None:
            raise Forbidden("LD319", "AWS refused: AccessDenied sts:AssumeRole", "mend the role")

        def __getattr__(self, name: str) -> Any:
            return getattr(self.port, name)

    simulation = begun_worse()
    simulation.world.truths[2] = Truth.HEALTHY
    controls = simulation.controls(
        Process(simulation.world, simulation.rng, simulation.watch.disturbed)
    )
    blind = replace(controls, traffic=cast("Any", Blind(controls.traffic)))
    with pytest.raises(Forbidden):
        advance_release(MODEL, blind, "test")
    assert "sts:AssumeRole" in simulation.world.announcer.said[-1][1]


def test_the_first_release_needs_no_way_back() -> None:
    simulation = Simulation(random.Random(0), CALM)
    world = simulation.world
    world.router.publish(1)
    world.note_traffic()
    world.ledger.inbox.post(MODEL, "first", CandidateReady(release(1)), world.now)
    simulation.wake()
    assert world.ledger.load(MODEL).phase is Phase.BASELINE


def switched_off(simulation: Simulation, signed: bool) -> None:
    """As a controller leaves it that sleeps before its switch, and dies after: the ledger says STABLE."""
    ledger, now = simulation.world.ledger, simulation.world.now
    state = ledger.load(MODEL)
    policy = replace(POLICY, stop=StopPolicy("ada", grace_s=300.0, capped=True) if signed else None)
    releases = tuple(replace(each, policy=policy) for each in state.releases)
    ledger.states[MODEL] = replace(state, releases=releases, switched_at=now - 100)
    simulation.world.serving = False


def test_what_a_dead_controller_switched_off_serves_again_after_the_next_minute() -> None:
    simulation = begun_worse()
    switched_off(simulation, signed=True)
    simulation.wake()
    assert simulation.world.serving
    assert simulation.world.ledger.load(MODEL).phase is Phase.STABLE, "and is rolled back besides"


@dataclass(slots=True)
class Unread:
    """Whoever asks whether it is switched gets no answer; counts how often."""

    error: type[LadleError]
    asked: int = 0

    def __call__(self, _model: str, _on: bool) -> bool:
        self.asked += 1
        raise self.error("LD504", "nobody answers", "try again")


@pytest.mark.parametrize("signed", [True, False])
def test_only_where_somebody_signed_is_asked_and_a_rollback_waits_for_no_answer(
    signed: bool,
) -> None:
    for error in (Forbidden, Unavailable):
        simulation = begun_worse()
        switched_off(simulation, signed)
        process = Process(simulation.world, simulation.rng, simulation.watch.disturbed)
        unread = Unread(error)
        advance_release(MODEL, replace(simulation.controls(process), switched=unread), "test")
        assert simulation.world.router.alias is not None
        assert simulation.world.router.alias.traffic == Traffic(1)
        assert (unread.asked > 0) is signed


def test_from_an_endpoint_that_aws_gave_up_on_a_person_leads_the_door_away() -> None:
    simulation = Simulation(random.Random(0), CALM)
    moves(simulation)
    simulation.wake()
    world = simulation.world
    home = world.routers[1]
    assert isinstance(home, MemoryHome)
    home.doomed.add(2)
    simulation.wake()
    assert world.ledger.load(MODEL).phase is Phase.FROZEN
    assert [subject for subject, _ in world.announcer.said] == ["m: FROZEN"]
    ask(Ask.ROLLBACK)(simulation)
    simulation.wake()
    assert (world.ledger.load(MODEL).phase, world.door.base) == (Phase.STABLE, 0)
