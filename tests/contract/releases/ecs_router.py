"""A router of a model with three releases on ECS, on the strict world and on moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.contract.releases.ecs_balancing import GROUPS, LISTENER
from tests.contract.releases.ecs_world import EcsWorld

from ladle import names
from ladle.aws.ecs_slots import EcsSlots
from ladle.aws.session import AwsSession
from ladle.aws.traffic.ecs import EcsListenerRouter
from ladle.aws.versions.ecs import TaskDefinitions
from ladle.aws.versions.ecs_service import EcsService
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import Clock, TrafficRouter

ACCOUNT = "123456789012"  # moto's
Opens = tuple[TrafficRouter, Callable[[], None]]


def serving(release_hex: str, shape: Mapping[str, Any]) -> Mapping[str, str]:
    """What the stack hands over of a release."""
    task = {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [
            {
                "name": names.CONTAINER,
                "image": f"registry.example/model@sha256:{release_hex}",
                "portMappings": [{"containerPort": 8080}],
                "environment": [{"name": "LADLE_RELEASE_DIGEST", "value": release_hex}],
                "logConfiguration": {"logDriver": "awslogs", "options": {}},
            }
        ],
    }
    return {"TaskDefinition": json.dumps(task), "Service": json.dumps(shape)}


SHAPE: Mapping[str, Any] = {
    "listener": LISTENER,
    "target_groups": GROUPS,
    "subnets": ["subnet-1", "subnet-2"],
    "security_groups": ["sg-1"],
    "capacity": [{"capacityProvider": "FARGATE", "base": 0, "weight": 1}],
    "port": 8080,
    "min": 1,
    "max": 4,
    "grace_s": 300,
    "requests_a_minute": None,
}


def versions_of(session: Any, clock: Clock) -> TaskDefinitions:
    clients = (session.ecs, session.balancer, session.scaling)
    return TaskDefinitions(session.ecs, EcsSlots(*clients), EcsService(*clients), clock)


@dataclass
class Patient:
    """Asks again, as the controller does, when what it asked for has had time to start."""

    router: EcsListenerRouter
    pass_time: Callable[[], None]

    def read(self, model: str) -> ObservedTraffic | None:
        return self.router.read(model)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.router.write(model, traffic, expected_revision)
        found = self.router.read(model)
        if found is not None and not traffic.reads_like(found.traffic):
            self.pass_time()
            found = self.router.read(model)
            assert found is not None
            self.router.write(model, traffic, found.revision)
        self.router.settle(model, traffic)

    def can_start(self, model: str, release: int) -> bool:
        return self.router.can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        self.router.delete(model, release)


class PassingClock:
    """Time passes for the world whenever somebody waits."""

    def __init__(self, pass_time: Callable[[], None]) -> None:
        self._now = 0.0
        self._pass_time = pass_time

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds
        self._pass_time()


def in_the_strict_world(model: str, releases: tuple[int, ...]) -> Opens:
    world: Any = EcsWorld(model)
    return _opens(world, model, releases, SHAPE, world.pass_time)


def on_moto(session: AwsSession, model: str, releases: tuple[int, ...]) -> Iterator[Opens]:
    """Moto starts no task: what would register itself with its load balancer is registered here."""
    shape = _moto_shape(session, model)

    def pass_time() -> None:
        for group in shape["target_groups"].values():
            session.balancer.register_targets(TargetGroupArn=group, Targets=[{"Id": "10.0.0.9"}])

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_ECS_SERVICE_RUNNING", "1")
        yield _opens(session, model, releases, shape, pass_time)


def _opens(
    session: Any,
    model: str,
    releases: tuple[int, ...],
    shape: Mapping[str, Any],
    pass_time: Callable[[], None],
) -> Opens:
    versions = versions_of(session, PassingClock(pass_time))
    for number in releases:
        release_hex = f"{number:064x}"
        versions.publish(model, release_hex, serving(release_hex, shape), 0)

    def publish() -> None:
        versions.open_if_absent(model, 1, serving(f"{1:064x}", shape))

    return Patient(EcsListenerRouter(lambda _model: session), pass_time), publish


def _moto_shape(session: AwsSession, model: str) -> Mapping[str, Any]:
    from moto.ec2.models import ec2_backends

    network = ec2_backends[ACCOUNT][session.region]  # a client of EC2 takes a second to be made
    subnets = network.describe_subnets()[:2]
    vpc = subnets[0].vpc_id
    group = network.create_security_group("tasks", "tasks", vpc_id=vpc).id
    balancer = session.balancer.create_load_balancer(Name="ladle", Subnets=[s.id for s in subnets])
    answer: Any = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    listener = session.balancer.create_listener(
        LoadBalancerArn=balancer["LoadBalancers"][0]["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[answer],
    )
    target_groups = {
        slot: session.balancer.create_target_group(
            Name=f"slot-{slot}", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
        )["TargetGroups"][0]["TargetGroupArn"]
        for slot in names.SLOTS
    }
    session.ecs.create_cluster(clusterName=names.cluster(model))
    return {
        **SHAPE,
        "listener": listener["Listeners"][0]["ListenerArn"],
        "target_groups": target_groups,
        "subnets": [s.id for s in subnets],
        "security_groups": [group],
    }
