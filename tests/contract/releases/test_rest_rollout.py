"""A whole move behind a REST API: the real controller and door, moto's stages, and two functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.contract.releases.api_doors import NEW, OLD
from tests.contract.releases.rest_doors import RestDoors
from tests.contract.releases.rollout import HOUR_S, Rollout
from tests.contract.releases.sagemaker_world import MODEL
from tests.contract.releases.test_move_rollout import Function

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.aws.led_door import LedDoor
from ladle.aws.session import AwsSession
from ladle.catalog import Packaging, Target
from ladle.policy.lock import Home
from ladle.policy.statuses import Phase
from ladle.policy.traffic import Traffic
from ladle.releases.events import Ask, CandidateReady, PersonAsked
from ladle.releases.homes import Homes
from ladle.testing.releases import release

ZIP, IMAGE = Home(Target.LAMBDA, OLD), Home(Target.LAMBDA, NEW)
FIRST, SECOND = 1, NEW + 1  # releases, of one home each


class Move(Rollout):
    """The first release serves from a zip, behind a stage that has one deployment."""

    def __init__(self, doors: RestDoors) -> None:
        self.doors = doors
        self.functions = {home: Function(now=lambda: 0.0) for home in (ZIP, IMAGE)}
        router = BehindOneDoor(
            lambda model: Homes.told_by(self.ledger.load(model)),
            self.functions.__getitem__,
            LedDoor(lambda _model: doors.session),
        )
        world = SimpleNamespace(pass_time=lambda: None)
        super().__init__(world, router, Target.LAMBDA, lambda _: FIRST)
        self.functions[ZIP].publish(FIRST)
        doors.open(MODEL, (OLD,))
        self.proven()

    def deploy_image(self, *, is_done: bool = True) -> None:
        self.functions[IMAGE].publish(SECOND)
        made = release(SECOND, bake_s=HOUR_S, max_s=24 * HOUR_S, labels_expected=False)
        there = replace(made, packaging=Packaging.IMAGE, base=NEW)
        self.ledger.inbox.post(MODEL, "image", CandidateReady(there), self.clock.now())
        if is_done:
            self.doors.show(MODEL, NEW)

    def ask(self, what: Ask, to: int) -> None:
        self.ledger.inbox.post(MODEL, f"{what}", PersonAsked(what, by="ada", to=to), 0.0)
        self.minutes()

    def prove(self) -> None:
        self.minutes()
        self.clock.time += HOUR_S
        self.minutes()

    @property
    def led_to(self) -> int | None:
        found = LedDoor(lambda _model: self.doors.session).read(MODEL)
        assert found is not None
        return found.base


@pytest.fixture
def move() -> Iterator[Move]:
    from moto import mock_aws

    with mock_aws():
        yield Move(RestDoors.on_moto(AwsSession("eu-west-1")))


def test_it_moves_and_lets_go_of_what_it_left(move: Move) -> None:
    move.deploy_image()
    move.minutes(1)
    assert (move.led_to, move.traffic) == (NEW, Traffic(SECOND))
    move.prove()
    move.ask(Ask.LEAVE, to=OLD)
    state = move.ledger.load(MODEL)
    assert (state.phase, state.homes) == (Phase.STABLE, frozenset({IMAGE}))
    assert (move.led_to, move.traffic) == (NEW, Traffic(SECOND))


def test_no_request_meets_the_image_before_its_deploy_is_done(move: Move) -> None:
    move.deploy_image(is_done=False)
    move.minutes(3)
    assert (move.led_to, move.traffic) == (OLD, Traffic(FIRST))
    move.doors.show(MODEL, NEW)
    move.minutes(1)
    assert (move.led_to, move.traffic) == (NEW, Traffic(SECOND))


def test_it_goes_back_by_one_write_and_stays_there(move: Move) -> None:
    move.deploy_image()
    move.prove()
    move.ask(Ask.ROLLBACK, to=FIRST)
    assert (move.led_to, move.traffic) == (OLD, Traffic(FIRST))
    move.ask(Ask.LEAVE, to=NEW)
    state = move.ledger.load(MODEL)
    assert (state.phase, state.homes) == (Phase.STABLE, frozenset({ZIP}))


def test_a_deployment_that_somebody_made_freezes_the_model(move: Move) -> None:
    move.deploy_image()
    move.prove()
    move.doors.lead(MODEL, move.doors.somebodys(MODEL))
    move.minutes(1)
    assert move.ledger.load(MODEL).phase is Phase.FROZEN
