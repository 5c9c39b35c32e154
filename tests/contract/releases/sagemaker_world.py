# ruff: noqa: N803 - arguments as boto3 calls them
"""SageMaker by AWS's own rules, in memory: it refuses what AWS refuses, and takes its time.

Nothing starts before ``pass_time`` is called; ``broken`` are models whose containers never answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from ladle.policy.traffic import ObservedTraffic, Traffic

MODEL = "fraud"
_ARN = "arn:aws:sagemaker:eu-west-1:111122223333"
Config = dict[str, Any]


def refused(message: str, code: str = "ValidationException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Fake")


@dataclass
class World:
    """An account's models, configs and one endpoint of each name."""

    broken: set[str] = field(default_factory=set)
    seconds: float = 0.0
    scaled: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    dies: bool = False  # whoever asks for an endpoint, right after it
    lambda_: Any = None

    def __post_init__(self) -> None:
        self.sagemaker, self.scaling = FakeSageMaker(self), FakeScaling(self)

    def pass_time(self) -> None:
        self.seconds += 300
        self.sagemaker.finish()

    def now(self) -> datetime:
        self.seconds += 1
        return datetime.fromtimestamp(self.seconds, UTC)


class FakeSageMaker:
    def __init__(self, world: World) -> None:
        self.world = world
        self.models: dict[str, Config] = {}
        self.configs: dict[str, Config] = {}
        self.endpoints: dict[str, Config] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def create_model(self, *, ModelName: str, Tags: Any, **wanted: Any) -> None:
        if ModelName in self.models:
            raise refused(f"Cannot create already existing model {ModelName}")
        self.models[ModelName] = {"ModelName": ModelName, **wanted}

    def describe_model(self, *, ModelName: str) -> Config:
        return self._the(self.models, ModelName, "model")

    def delete_model(self, *, ModelName: str) -> None:
        self._the(self.models, ModelName, "model")
        del self.models[ModelName]

    def create_endpoint_config(
        self, *, EndpointConfigName: str, ProductionVariants: Any, Tags: Any = (), **more: Any
    ) -> None:
        if EndpointConfigName in self.configs:
            raise refused("Cannot create already existing endpoint configuration")
        for variant in ProductionVariants:
            self._the(self.models, variant["ModelName"], "model")
        variants = [{"InitialVariantWeight": 1.0, **v} for v in ProductionVariants]
        arn = f"{_ARN}:endpoint-config/{EndpointConfigName}"
        self.configs[EndpointConfigName] = {
            "EndpointConfigName": EndpointConfigName,
            "EndpointConfigArn": arn,
            "ProductionVariants": variants,
            "CreationTime": self.world.now(),
            **more,
        }
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in Tags}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> Config:
        return self._the(self.configs, EndpointConfigName, "endpoint configuration")

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> None:
        """AWS only asks people not to delete one that is in use; here it is refused."""
        self._the(self.configs, EndpointConfigName, "endpoint configuration")
        used = {e[key] for e in self.endpoints.values() for key in ("config", "next")}
        if EndpointConfigName in used:
            raise refused(f"endpoint configuration {EndpointConfigName} is in use")
        del self.configs[EndpointConfigName]

    def create_endpoint(self, *, EndpointName: str, EndpointConfigName: str, Tags: Any) -> None:
        if EndpointName in self.endpoints:
            raise refused("Cannot create already existing endpoint")
        self.describe_endpoint_config(EndpointConfigName=EndpointConfigName)
        self.endpoints[EndpointName] = {
            "status": "Creating",
            "config": EndpointConfigName,
            "next": EndpointConfigName,
            "weights": {},
            "wanted": {},
            "retain": False,
            "changed": self.world.now(),
        }
        self.tags[f"{_ARN}:endpoint/{EndpointName}"] = {t["Key"]: t["Value"] for t in Tags}
        if self.world.dies:
            raise KeyboardInterrupt

    def describe_endpoint(self, *, EndpointName: str) -> Config:
        found = self._the(self.endpoints, EndpointName, "endpoint")
        return {
            "EndpointArn": f"{_ARN}:endpoint/{EndpointName}",
            "EndpointStatus": found["status"],
            "EndpointConfigName": found["config"],
            "LastModifiedTime": found["changed"],
            "ProductionVariants": [
                {"VariantName": n, "CurrentWeight": w, "DesiredWeight": found["wanted"].get(n, w)}
                for n, w in found["weights"].items()
            ],
        }

    def update_endpoint(
        self, *, EndpointName: str, EndpointConfigName: str, RetainAllVariantProperties: bool
    ) -> None:
        found = self._in_service(EndpointName)
        config = self.describe_endpoint_config(EndpointConfigName=EndpointConfigName)
        if found["config"] == EndpointConfigName:
            raise refused("EndpointConfigName must be a new one")
        left = found["weights"].keys() - {v["VariantName"] for v in config["ProductionVariants"]}
        for name in left:
            if f"endpoint/{EndpointName}/variant/{name}" in self.world.scaled:
                raise refused(f'The variant(s) "{name}" must be deregistered as scalable targets')
        found |= {
            "status": "Updating",
            "next": EndpointConfigName,
            "retain": RetainAllVariantProperties,
        }

    def update_endpoint_weights_and_capacities(
        self, *, EndpointName: str, DesiredWeightsAndCapacities: Any
    ) -> Config:
        if "UpdateEndpointWeightsAndCapacities" in self.world.denied:
            raise refused("not authorized", "AccessDeniedException")
        found = self._in_service(EndpointName)
        wanted = {w["VariantName"]: w["DesiredWeight"] for w in DesiredWeightsAndCapacities}
        if missing := wanted.keys() - found["weights"].keys():
            raise refused(f"The variant name(s) {missing} is/are not present within it")
        if any(weight < 0 for weight in wanted.values()):
            raise refused("a weight must not be negative")
        found |= {"status": "Updating", "wanted": wanted}
        return {"EndpointArn": f"{_ARN}:endpoint/{EndpointName}"}

    def delete_endpoint(self, *, EndpointName: str) -> None:
        self._the(self.endpoints, EndpointName, "endpoint")["status"] = "Deleting"

    def list_tags(self, *, ResourceArn: str) -> Config:
        return {"Tags": [{"Key": k, "Value": v} for k, v in self.tags[ResourceArn].items()]}

    def add_tags(self, *, ResourceArn: str, Tags: Any) -> None:
        self.tags[ResourceArn] |= {tag["Key"]: tag["Value"] for tag in Tags}

    def finish(self) -> None:
        """What was asked for has started; what cannot start leaves all as it was."""
        self.endpoints = {n: e for n, e in self.endpoints.items() if e["status"] != "Deleting"}
        for found in self.endpoints.values():
            if found["status"] in ("Creating", "Updating"):
                self._finish(found)
                found["changed"] = self.world.now()

    def _finish(self, found: Config) -> None:
        if found["next"] == found["config"] and found["weights"]:
            found["weights"] |= found["wanted"]
        variants = self.configs[found["next"]]["ProductionVariants"]
        if any(v["ModelName"] in self.world.broken for v in variants):
            found["next"] = found["config"]
            found["status"] = "InService" if found["weights"] else "Failed"
            return
        weights = {v["VariantName"]: v["InitialVariantWeight"] for v in variants}
        if found["retain"] or found["next"] == found["config"]:
            weights |= {n: w for n, w in found["weights"].items() if n in weights}
        found |= {"status": "InService", "config": found["next"], "weights": weights, "wanted": {}}

    def _in_service(self, name: str) -> Config:
        found = self._the(self.endpoints, name, "endpoint")
        if found["status"] != "InService":
            raise refused("Cannot update in-progress endpoint")
        return found

    def _the(self, things: dict[str, Config], name: str, kind: str) -> Config:
        if name not in things:
            raise refused(f'Could not find {kind} "{name}".')
        return things[name]


class FakeScaling:
    class exceptions:  # noqa: N801 - as boto3 calls it
        class ObjectNotFoundException(Exception): ...

    def __init__(self, world: World) -> None:
        self.world = world

    def register_scalable_target(self, *, ResourceId: str, **wanted: Any) -> None:
        self.world.scaled[ResourceId] = wanted

    def put_scaling_policy(self, *, ResourceId: str, PolicyName: str, **policy: Any) -> Config:
        if ResourceId not in self.world.scaled:
            raise self.exceptions.ObjectNotFoundException(ResourceId)
        self.world.scaled[ResourceId] = {**self.world.scaled[ResourceId], **policy}
        return {"PolicyARN": f"arn:aws:autoscaling:policy/{ResourceId}/{PolicyName}"}

    def deregister_scalable_target(self, *, ResourceId: str, **_of: Any) -> None:
        if self.world.scaled.pop(ResourceId, None) is None:
            raise self.exceptions.ObjectNotFoundException(ResourceId)


class Moves:
    """What a controller does to a model of a ``world``, by its ``router``."""

    world: Any
    router: Any

    def read(self) -> ObservedTraffic:
        found = self.router.read(MODEL)
        assert found is not None
        return found

    def write(self, traffic: Traffic) -> None:
        self.router.write(MODEL, traffic, self.read().revision)

    def moved(self, traffic: Traffic) -> None:
        """Until it reads so, as the controller does."""
        while not traffic.reads_like(self.read().traffic):
            self.write(traffic)
            self.world.pass_time()
        self.router.settle(MODEL, traffic)
        self.world.pass_time()


def waits(world: World | None) -> Any:
    """A clock: whoever waits lets the world go on."""
    return SimpleNamespace(sleep=lambda _seconds: world and world.pass_time())


def ledger_of(*numbers: int) -> Any:
    """What the versions read of the ledger: which numbers there ever were."""
    return SimpleNamespace(load=lambda _model: SimpleNamespace(statuses=dict.fromkeys(numbers)))
