# ruff: noqa: N803 - arguments as boto3 calls them
"""SageMaker's world with the stage of a model's door, which refuses what API Gateway's documentation refuses."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from tests.contract.releases.sagemaker_world import MODEL, Moves, World, ledger_of, waits

from ladle import names
from ladle.aws.backlog import Backlogs
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.versions.endpoint_per_release import StagedVersions
from ladle.catalog import Target

BOUNDS = {names.MIN_INSTANCES_TAG: "0", names.MAX_INSTANCES_TAG: "3"}
COLLECTOR = "arn:aws:lambda:eu-west-1:111122223333:function:ladle-collector"


def serving(release_hex: str) -> Mapping[str, str]:
    """What the stack hands over of a release."""
    environment = {"LADLE_MODEL": MODEL, "LADLE_RELEASE_DIGEST": release_hex}
    return {
        "Model": json.dumps(
            {
                "ExecutionRoleArn": "arn:aws:iam::111122223333:role/serving",
                "PrimaryContainer": {"Image": "registry.example/m:1", "Environment": environment},
            }
        ),
        "Variant": json.dumps({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}),
        "Config": "{}",
        "Tags": json.dumps({"ladle:model": MODEL, **BOUNDS}),
        "LogDays": "30",
        "LinesTo": COLLECTOR,
    }


@dataclass
class StageWorld(World):
    """``stage`` is None before the stack made it; ``deployments`` are described."""

    stage: dict[str, Any] | None = field(
        default_factory=lambda: {"deploymentId": "d1", "variables": {"model": MODEL}}
    )
    deployments: dict[str, str] = field(
        default_factory=lambda: {"d1": names.home_integration(0), "d2": "another"}
    )
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)  # requests, by endpoint
    late_s: float = 0.0  # how long ago CloudWatch knows what waited
    alarms: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.apis, self.cloudformation, self.logs = FakeApis(self), FakeStacks(self), FakeLogs(self)
        self.cloudwatch = FakeMetrics(self)

    @property
    def endpoints(self) -> dict[str, str]:
        """Each with its status."""
        return {name: found["status"] for name, found in self.sagemaker.endpoints.items()}


class FakeStacks:
    def __init__(self, world: StageWorld) -> None:
        self.world = world

    def describe_stack_resource(self, *, StackName: str, LogicalResourceId: str) -> Any:
        if self.world.stage is None or LogicalResourceId != "Door":
            raise _refused("ValidationError", f"Stack '{StackName}' does not exist")
        detail = {"PhysicalResourceId": "api1", "ResourceType": "AWS::ApiGateway::RestApi"}
        return {"StackResourceDetail": detail}


class FakeApis:
    """One call's operations are taken together or not at all."""

    def __init__(self, world: StageWorld) -> None:
        self.world = world
        self.writes = 0

    def get_stage(self, *, restApiId: str, stageName: str) -> Mapping[str, Any]:
        if self.world.stage is None or (restApiId, stageName) != ("api1", names.ALIAS):
            raise _refused("NotFoundException", "Invalid stage identifier specified")
        return copy.deepcopy(self.world.stage)

    def get_deployments(self, *, restApiId: str, limit: int) -> Mapping[str, Any]:
        found = self.world.deployments.items()
        return {"items": [{"id": id_, "description": text} for id_, text in found][:limit]}

    def update_stage(
        self, *, restApiId: str, stageName: str, patchOperations: Sequence[Mapping[str, str]]
    ) -> None:
        if "UpdateStage" in self.world.denied:
            raise _refused("AccessDeniedException", "not authorized")
        stage = dict(self.get_stage(restApiId=restApiId, stageName=stageName))
        for operation in patchOperations:
            self._apply(stage, operation)
        self.world.stage = {**stage, "lastUpdatedDate": self.world.now()}
        self.writes += 1

    def _apply(self, stage: dict[str, Any], operation: Mapping[str, str]) -> None:
        op, path, value = operation["op"], operation["path"].split("/")[1:], operation.get("value")
        match op, path:
            case "replace", ["deploymentId"] if value in self.world.deployments:
                stage["deploymentId"] = value
            case "replace", ["variables", name] if value:
                stage.setdefault("variables", {})[name] = value
            case "remove", ["variables", name] if name in stage.get("variables", {}):
                del stage["variables"][name]
            case "replace", ["canarySettings", "percentTraffic"] if 0 <= float(value or -1) <= 100:
                stage.setdefault("canarySettings", {})["percentTraffic"] = float(value or 0)
            case "replace", ["canarySettings", "deploymentId"] if value in self.world.deployments:
                stage.setdefault("canarySettings", {})["deploymentId"] = value
            case "replace", ["canarySettings", "stageVariableOverrides", name] if value:
                canary = stage.setdefault("canarySettings", {})
                canary.setdefault("stageVariableOverrides", {})[name] = value
            case "remove", ["canarySettings"] if "canarySettings" in stage:
                del stage["canarySettings"]
            case _:
                raise _refused("BadRequestException", f"Invalid patch {op} of {path}: {value}")


class FakeMetrics:
    def __init__(self, world: StageWorld) -> None:
        self.world = world

    def put_metric_alarm(self, *, AlarmName: str, **alarm: Any) -> None:
        self.world.alarms[AlarmName] = alarm

    def delete_alarms(self, *, AlarmNames: Sequence[str]) -> None:
        for name in AlarmNames:
            self.world.alarms.pop(name, None)

    def get_metric_statistics(
        self, *, MetricName: str, Dimensions: Any, StartTime: datetime, **_of: Any
    ) -> Any:
        """What waited a minute before, and what waits: both as late as CloudWatch is."""
        assert MetricName == "ApproximateBacklogSize"
        waiting, known = self.world.waiting.get(Dimensions[0]["Value"], 0), self.world.late_s
        times = [datetime.fromtimestamp(self.world.seconds - ago - known, UTC) for ago in (60, 0)]
        counts = [
            {"Timestamp": at, "Maximum": n} for at, n in zip(times, [7, waiting], strict=True)
        ]
        return {"Datapoints": [point for point in counts if point["Timestamp"] >= StartTime]}


class FakeLogs:
    class exceptions:  # noqa: N801 - as boto3 calls it
        class ResourceAlreadyExistsException(Exception): ...

        class ResourceNotFoundException(Exception): ...

    def __init__(self, world: StageWorld) -> None:
        self.world = world

    def create_log_group(self, *, logGroupName: str, tags: Mapping[str, str]) -> None:
        if logGroupName in self.world.groups:
            raise self.exceptions.ResourceAlreadyExistsException(logGroupName)
        self.world.groups[logGroupName] = {"tags": tags}

    def put_retention_policy(self, *, logGroupName: str, retentionInDays: int) -> None:
        self.world.groups[logGroupName]["days"] = retentionInDays

    def put_subscription_filter(
        self, *, logGroupName: str, filterName: str, filterPattern: str, destinationArn: str
    ) -> None:
        self.world.groups[logGroupName]["to"] = destinationArn

    def delete_log_group(self, *, logGroupName: str) -> None:
        if self.world.groups.pop(logGroupName, None) is None:
            raise self.exceptions.ResourceNotFoundException(logGroupName)


def _refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Fake")


class Staged(Moves):
    """A world with what a hand-off and a controller do to it."""

    def __init__(self, target: Target = Target.SAGEMAKER_SERVERLESS) -> None:
        self.world: Any = StageWorld()
        clock: Any = SimpleNamespace(now=lambda: self.world.seconds)
        answers_later = target is Target.SAGEMAKER_ASYNC
        self.queues = (lambda session: Backlogs(session, clock)) if answers_later else None
        self.versions = self.versions_of()
        self.router = StageRouter(lambda _model: self.world, target, self.queues)

    def versions_of(self, *known: int) -> StagedVersions:
        backlogs = self.queues(self.world) if self.queues else None
        return StagedVersions(self.world, ledger_of(*known), waits(self.world), backlogs)

    def hand_over(self, release_hex: str, first: int | None = None) -> int:
        wanted = serving(release_hex)
        number = self.versions.find(MODEL, release_hex)
        number = number or self.versions.publish(MODEL, release_hex, wanted, 0)
        self.versions.wait_until_active(MODEL, number)
        self.versions.keep_warm(MODEL, number, wanted)
        self.versions.open_if_absent(MODEL, first or number, wanted)
        return number
