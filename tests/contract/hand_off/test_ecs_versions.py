"""On ECS a release digest has exactly one task definition, wherever a hand-off broke off."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.releases.ecs_calls import Crashed
from tests.contract.releases.ecs_router import SHAPE, PassingClock, serving, versions_of
from tests.contract.releases.ecs_world import EcsWorld

from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.versions.ecs import TaskDefinitions
from ladle.errors import LadleError
from ladle.policy.traffic import Traffic

MODEL = "fraud"
DIGESTS = [f"{n:064x}" for n in (10, 11, 12)]


def world_with_versions() -> tuple[Any, TaskDefinitions]:
    world: Any = EcsWorld(MODEL)
    return world, versions_of(world, PassingClock(world.pass_time))


def hand_over(versions: TaskDefinitions, release_hex: str, newest: int = 0) -> int:
    """As ``actions.hand_over`` asks, in its order."""
    asked = serving(release_hex, SHAPE)
    number = versions.find(MODEL, release_hex)
    if number is None:
        number = versions.publish(MODEL, release_hex, asked, newest)
    versions.wait_until_active(MODEL, number)
    versions.open_if_absent(MODEL, number, asked)
    return number


def digests(world: EcsWorld) -> list[str]:
    """Of every task definition that can still be started."""
    return [
        variable["value"]
        for task in world.tasks.values()
        for variable in task["containerDefinitions"][0]["environment"]
        if task["status"] == "ACTIVE" and variable["name"] == "LADLE_RELEASE_DIGEST"
    ]


@given(
    asked=st.lists(
        st.tuples(st.sampled_from(DIGESTS), st.integers(min_value=1, max_value=60)), max_size=8
    )
)
def test_each_digest_has_one_task_definition_wherever_hand_overs_broke_off(
    asked: list[tuple[str, int]],
) -> None:
    world, versions = world_with_versions()
    for release_hex, dies_at in asked:
        world.crash_at = world.calls + dies_at
        with contextlib.suppress(Crashed):
            hand_over(versions, release_hex)
        world.crash_at = None
        hand_over(versions, release_hex)
    wanted = {release_hex for release_hex, _ in asked}
    assert sorted(digests(world)) == sorted(wanted)
    for release_hex in wanted:
        assert hand_over(versions, release_hex) == versions.find(MODEL, release_hex)
    assert sorted(digests(world)) == sorted(wanted)


def test_a_hand_over_that_died_at_any_call_is_finished_by_the_next_one() -> None:
    world, versions = world_with_versions()
    hand_over(versions, DIGESTS[0])
    for step in range(1, world.calls + 1):
        broken, later = world_with_versions()
        broken.crash_at = step
        with contextlib.suppress(Crashed):
            hand_over(later, DIGESTS[0])
        broken.crash_at = None
        assert hand_over(later, DIGESTS[0]) == 1
        assert later.with_traffic(MODEL) == {1}
        assert set(broken.services) == set(SHAPE["target_groups"])


def test_a_number_is_never_given_twice() -> None:
    _, versions = world_with_versions()
    first = hand_over(versions, DIGESTS[0], newest=7)
    assert first == 8, "the ledger knew 7 releases, on whatever target"
    second = hand_over(versions, DIGESTS[1])
    versions.delete(MODEL, second)
    versions.delete(MODEL, second)
    assert versions.find(MODEL, DIGESTS[1]) is None
    assert hand_over(versions, DIGESTS[1]) == 10


def test_the_container_is_told_its_number_and_its_log_stream_names_it() -> None:
    world, versions = world_with_versions()
    hand_over(versions, DIGESTS[0])
    [task] = world.tasks.values()
    [container] = task["containerDefinitions"]
    assert {"name": "LADLE_RELEASE", "value": "1"} in container["environment"]
    assert container["logConfiguration"]["options"]["awslogs-stream-prefix"] == "release-1"


def test_a_task_of_another_release_than_was_handed_over_is_not_registered() -> None:
    world, versions = world_with_versions()
    with pytest.raises(LadleError, match="LD221"):
        versions.publish(MODEL, DIGESTS[1], serving(DIGESTS[0], SHAPE), 0)
    assert not world.tasks


def test_a_first_release_whose_tasks_end_fails_its_deploy() -> None:
    world, versions = world_with_versions()
    world.broken.add("ladle-fraud_1")
    with pytest.raises(LadleError, match="LD222"):
        hand_over(versions, DIGESTS[0])


def test_a_later_release_is_not_started_by_its_hand_over() -> None:
    world, versions = world_with_versions()
    hand_over(versions, DIGESTS[0])
    running = {name: service.task for name, service in world.services.items()}
    assert hand_over(versions, DIGESTS[1]) == 2
    assert {name: service.task for name, service in world.services.items()} == running
    assert [s.desired for s in world.services.values()] == [1, 0, 0]


def test_another_network_or_machine_reaches_services_that_run() -> None:
    world, versions = world_with_versions()
    hand_over(versions, DIGESTS[0])
    moved = {**SHAPE, "subnets": ["subnet-3"], "max": 9}
    versions.open_if_absent(MODEL, 1, serving(DIGESTS[0], moved))
    for service in world.services.values():
        network = service.place["networkConfiguration"]["awsvpcConfiguration"]
        assert network["subnets"] == ["subnet-3"]
        assert service.tags["ladle:max"] == "9"
    assert [world.scaled[slot]["MaxCapacity"] for slot in "abc"] == [9, 0, 0]


def test_the_end_of_the_stack_leaves_nothing_behind() -> None:
    world, versions = world_with_versions()
    for release_hex in DIGESTS:
        hand_over(versions, release_hex)
    assert versions.digests(MODEL) == set(DIGESTS)
    versions.delete_all(MODEL)
    versions.delete_all(MODEL)
    assert versions.digests(MODEL) == set()
    assert digests(world) == []
    assert not world.rules
    assert {service.status for service in world.services.values()} == {"INACTIVE"}


def test_what_rests_is_let_go_and_what_is_on_trial_keeps_its_size() -> None:
    world, versions = world_with_versions()
    for release_hex in DIGESTS[:2]:
        hand_over(versions, release_hex)
    router = EcsListenerRouter(lambda _model: world)

    def move(traffic: Traffic) -> None:
        found = router.read(MODEL)
        assert found is not None
        router.write(MODEL, traffic, found.revision)
        router.settle(MODEL, traffic)

    world.services["a"].desired = 3
    move(Traffic(1, 2, 0.1))
    found = router.read(MODEL)
    assert found is not None
    assert (found.traffic, found.settled) == (Traffic(1), False), "its tasks are starting"
    world.pass_time()
    move(Traffic(1, 2, 0.1))
    assert world.services["b"].desired == 3, "as large as the release that it may replace"
    suspended = [world.scaled[slot]["SuspendedState"] for slot in "ab"]
    assert suspended == 2 * [{"DynamicScalingInSuspended": True}]
    move(Traffic(2))
    assert (world.services["a"].desired, world.scaled["a"]["MaxCapacity"]) == (0, 0)
    assert world.scaled["b"]["SuspendedState"] == {"DynamicScalingInSuspended": False}
