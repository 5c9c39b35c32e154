"""A router of a model with three releases on SageMaker, on the strict world and on moto."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.contract.releases.sagemaker_world import World, ledger_of, waits

from ladle import names
from ladle.aws.session import AwsSession
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.traffic.sagemaker import EndpointRouter
from ladle.aws.versions.sagemaker import EndpointVersions
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

    router: EndpointRouter | StageRouter
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


def on_sagemaker(model: str, releases: tuple[int, ...], world: Any = None) -> Opens:
    world = world or World()
    versions = EndpointVersions(world, ledger_of(), waits(None))
    for number in releases:
        release_hex = f"{number:016x}" * 4
        versions.publish(model, release_hex, serving(release_hex), 0)

    def publish() -> None:
        versions.open_if_absent(model, 1, serving(f"{1:016x}" * 4))
        world.pass_time()

    router = EndpointRouter(lambda _model: world)
    return Patient(router, world.pass_time), publish


@dataclass
class Still(Patient):
    """Moto changes weights at once and knows no UpdateEndpoint: nobody joins or leaves."""

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.router.write(model, traffic, expected_revision)


def on_moto(session: AwsSession, model: str, releases: tuple[int, ...]) -> Opens:
    """All releases are in the endpoint from the start, since moto would let none join later."""
    client: Any = session.sagemaker
    versions = EndpointVersions(session, ledger_of(), waits(None))
    for number in releases:
        release_hex = f"{number:016x}" * 4
        versions.publish(model, release_hex, serving(release_hex), 0)

    def publish() -> None:
        configs = [names.endpoint_config(model, number) for number in releases]
        found = [client.describe_endpoint_config(EndpointConfigName=name) for name in configs]
        [first, *others] = [variant for c in found for variant in c["ProductionVariants"]]
        client.create_endpoint_config(
            EndpointConfigName="all",
            ProductionVariants=[first, *({**v, "InitialVariantWeight": 0.0} for v in others)],
        )
        client.create_endpoint(EndpointName=names.endpoint(model), EndpointConfigName="all")
        begun = {number: float(number == releases[0]) for number in releases}
        client.update_endpoint_weights_and_capacities(  # moto forgets what the config says of them
            EndpointName=names.endpoint(model),
            DesiredWeightsAndCapacities=[
                {"VariantName": names.variant(n), "DesiredWeight": w} for n, w in begun.items()
            ],
        )

    router = EndpointRouter(lambda _model: session)
    return Still(router, lambda: None), publish
