"""A router of a model with three releases on SageMaker, on the strict world."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.releases.sagemaker_world import World, ledger_of

from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.aws.versions.sagemaker import EndpointVersions
from ladle.catalog import Target
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import TrafficRouter

Opens = tuple[TrafficRouter, Callable[[], None]]


def serving(release_hex: str, variant: Mapping[str, Any] | None = None) -> Mapping[str, str]:
    """What the stack hands over of a release."""
    environment = {"LADLE_MODEL": "fraud", "LADLE_RELEASE_DIGEST": release_hex}
    model = {
        "ExecutionRoleArn": "arn:aws:iam::111122223333:role/serving",
        "EnableNetworkIsolation": True,
        "PrimaryContainer": {"Image": "registry.example/m:1", "Environment": environment},
    }
    machines = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {
        "Model": json.dumps(model),
        "Variant": json.dumps(variant or machines),
        "Config": json.dumps({"KmsKeyId": "key"}),
        "Tags": json.dumps({"ladle:model": "fraud"}),
        "MinInstances": "1",
        "MaxInstances": "4",
        "PerMinute": "600",
    }


@dataclass
class Patient:
    """Writes again, as the controller does, until the endpoint reads so."""

    router: EndpointRouter
    pass_time: Callable[[], None]

    def read(self, model: str) -> ObservedTraffic | None:
        return self.router.read(model)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.router.write(model, traffic, expected_revision)
        for _ in range(3):
            self.pass_time()
            found = self.router.read(model)
            assert found is not None
            if traffic.reads_like(found.traffic):
                break
            self.router.write(model, traffic, found.revision)
        self.router.settle(model, traffic)
        self.pass_time()

    def can_start(self, model: str, release: int) -> bool:
        return self.router.can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        self.router.delete(model, release)


def on_sagemaker(model: str, releases: tuple[int, ...]) -> Opens:
    world: Any = World()
    versions = EndpointVersions(world.sagemaker, ledger_of())
    for number in releases:
        release_hex = f"{number:016x}" * 4
        versions.publish(model, release_hex, serving(release_hex), 0)

    def publish() -> None:
        versions.open_if_absent(model, 1, serving(f"{1:016x}" * 4))
        world.pass_time()

    router = EndpointRouter(lambda _model: world, Target.SAGEMAKER, splits=True)
    return Patient(router, world.pass_time), publish
