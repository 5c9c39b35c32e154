"""Whole moves between a function and SageMaker's endpoints: no request meets nothing, no number is given twice,
and only what was left goes.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
from tests.contract.releases.ecs_calls import Crashed
from tests.contract.releases.journey import (
    FUNCTION,
    REALTIME,
    SERVERLESS,
    A,
    B,
    C,
    D,
    E,
    F,
    Journey,
    of_home,
)
from tests.contract.releases.sagemaker_world import MODEL

from ladle import names
from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.policy.statuses import ReleaseStatus
from ladle.releases.events import Ask

REST = [(True, *pair) for pair in permutations((FUNCTION, REALTIME, SERVERLESS), 2)]
# Behind an HTTP API a function of Ladle's asks the endpoint; which is the same to who moves the model.
HTTP = [(False, *pair) for pair in permutations((FUNCTION, REALTIME), 2)]
EACH_MOVE = pytest.mark.parametrize(("is_rest", "here", "there"), [*REST, *HTTP])


@EACH_MOVE
def test_it_moves_and_only_what_it_left_goes(is_rest: bool, here: Target, there: Target) -> None:
    journey = Journey(here, is_rest)
    before = journey.kept
    assert journey.move(B, there) == 2
    assert journey.kept == before | of_home(journey.home, 2), "what is left runs on"
    journey.finish(B)
    assert journey.kept == of_home(journey.home, 2)
    assert journey.ends_with(2)


@EACH_MOVE
def test_it_goes_back_by_one_write_and_only_what_was_new_goes(
    is_rest: bool, here: Target, there: Target
) -> None:
    journey = Journey(here, is_rest)
    before = journey.kept
    journey.move(B, there)
    journey.ask(Ask.ROLLBACK, to=1)
    assert journey.ends_with(1)
    assert journey.undo(C if here is FUNCTION else A) == (3 if here is FUNCTION else 1)
    if journey.left is not None:
        journey.prove()
        journey.finish(C)
        before = of_home(journey.home, 3)
    assert journey.kept == before
    assert journey.ends_with(3 if here is FUNCTION else 1)


@EACH_MOVE
def test_a_deploy_that_goes_back_takes_the_new_home_only(
    is_rest: bool, here: Target, there: Target
) -> None:
    journey = Journey(here, is_rest)
    before = journey.kept
    journey.begin(B, there)
    journey.world.door.goes_back()
    journey.minutes(2)
    assert journey.world.answering() == {1}
    journey.stack.roll_back(A, Home(here))
    journey.minutes()
    assert journey.kept == before
    assert journey.state.statuses[2] is ReleaseStatus.REFUSED
    assert journey.ends_with(1)


@pytest.mark.parametrize("there", [REALTIME, SERVERLESS])
def test_a_container_that_never_answers_is_refused_and_meets_no_request(there: Target) -> None:
    journey = Journey(FUNCTION)
    journey.world.broken.add(names.endpoint_model(MODEL, B))
    journey.begin(B, there)
    journey.minutes()
    assert journey.state.statuses[2] is ReleaseStatus.REFUSED
    assert journey.ends_with(1)
    assert journey.stack.deploy(C, journey.home, journey.left) == 3
    journey.prove()
    assert journey.ends_with(3)


def test_the_way_back_does_not_wait_for_machines_that_come_and_go() -> None:
    journey = Journey(REALTIME)
    journey.move(B, FUNCTION)
    journey.world.sagemaker.client.endpoints[names.endpoint(MODEL)]["status"] = "Updating"
    journey.ask(Ask.ROLLBACK, to=1, minutes=1)
    assert journey.world.answering() == {1}


@pytest.mark.parametrize("here", [FUNCTION, REALTIME])
def test_whoever_goes_back_from_within_a_canary_takes_all_requests_along(here: Target) -> None:
    journey = Journey(here)
    journey.move(B, SERVERLESS)
    assert journey.stack.deploy(C, journey.home, journey.left) == 3
    journey.minutes(3)
    assert journey.world.answering() == {2, 3}
    writes = journey.world.apis.writes
    journey.ask(Ask.ROLLBACK, to=1)
    assert journey.ends_with(1)
    assert journey.world.stage is not None
    assert "canarySettings" not in journey.world.stage
    assert journey.world.apis.writes == writes + 1
    assert journey.undo(D if here is FUNCTION else A) == (4 if here is FUNCTION else 1)
    assert journey.world.stage["variables"] == {"model": MODEL}
    assert not any(name.startswith("log") for name in journey.kept)


def test_a_long_way_gives_no_number_twice_and_leaves_nothing_behind() -> None:
    journey = Journey(FUNCTION)
    assert journey.move(B, REALTIME) == 2
    journey.finish(B)
    assert journey.stack.deploy(C, journey.home) == 3
    journey.minutes(3)
    assert journey.world.answering() == {2, 3}
    journey.prove()
    assert journey.move(D, SERVERLESS) == 4
    journey.ask(Ask.ROLLBACK, to=3)
    assert journey.undo(C) == 3
    assert journey.ends_with(3)
    assert journey.move(E, FUNCTION) == 5
    journey.finish(E)
    assert journey.move(F, SERVERLESS) == 6
    journey.finish(F)
    assert journey.kept == of_home(journey.home, 6)
    assert journey.stack.given == dict(enumerate((A, B, C, D, E, F), start=1))


@EACH_MOVE
def test_the_end_of_the_stack_is_the_end_of_both_homes(
    is_rest: bool, here: Target, there: Target
) -> None:
    journey = Journey(here, is_rest)
    journey.begin(B, there)
    journey.world.serves = False
    journey.stack.destroy()
    assert {name for name in journey.kept if not name.startswith("function")} == set()


@EACH_MOVE
def test_whoever_dies_at_any_call_leaves_what_the_next_one_finishes(
    is_rest: bool, here: Target, there: Target
) -> None:
    calls = 1
    while dies_at(calls, is_rest, here, there):
        calls += 7
    assert calls > 100


def dies_at(call: int, is_rest: bool, here: Target, there: Target) -> bool:
    """Whether a move there and its end make so many calls; each is tried again where it ended."""
    journey = Journey(here, is_rest)
    journey.home, old = Home(there, 1), journey.home
    journey.world.crash_at = journey.world.calls + call
    died = [
        again(lambda: journey.stack.deploy(B, journey.home, old)),
        again(journey.prove),
        again(lambda: journey.ask(Ask.LEAVE, to=old.base)),
        again(lambda: journey.stack.deploy(B, journey.home)),
    ]
    journey.world.crash_at = None
    assert journey.ends_with(2)
    assert journey.kept == of_home(journey.home, 2)
    return any(died)


def again(work: Callable[[], Any]) -> bool:
    """Whether it had to be done twice."""
    try:
        work()
    except Crashed:
        work()
        return True
    return False
