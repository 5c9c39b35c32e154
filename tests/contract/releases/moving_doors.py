# ruff: noqa: N803 - arguments as boto3 calls them
"""A door of a model that moves, as its stack makes it and as requests go through it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Protocol

from tests.contract.releases.sagemaker_world import refused
from tests.contract.releases.stage_world import StageWorld

from ladle import names

Integration = dict[str, Any]
LED_BY = names.home_integration(0).removesuffix("0")


class MovingDoor(Protocol):
    def begins(self, left: int, base: int) -> None:
        """The last of the deploy that begins a move between the homes with these bases."""

    def ends(self, base: int) -> None:
        """The last of a deploy that describes one home alone."""

    def goes_back(self) -> None:
        """What ``begins`` made is deleted."""

    def ways(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """To which homes requests go, by their bases, and what variables a stage has there."""


class StageDoor:
    """A REST API's stage: of the world, which refuses what API Gateway refuses."""

    def __init__(self, world: StageWorld) -> None:
        self._world = world
        self._made = 0

    def begins(self, left: int, base: int) -> None:
        self._world.deployments[f"leads-to-{base}"] = names.home_integration(base)

    def ends(self, base: int) -> None:
        self._made += 1
        made = f"deployment-{self._made}"
        self._world.deployments[made] = names.home_integration(base)
        self._stage["deploymentId"] = made
        self.goes_back()

    def goes_back(self) -> None:
        live = self._stage["deploymentId"]
        self._world.deployments = {live: self._world.deployments[live]}

    def ways(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        variables, canary = self._stage["variables"], self._stage.get("canarySettings", {})
        yield self._base(self._stage["deploymentId"]), variables
        if canary.get("percentTraffic"):
            overrides = canary.get("stageVariableOverrides", {})
            yield self._base(canary["deploymentId"]), {**variables, **overrides}

    def _base(self, deployment: str) -> int:
        return int(self._world.deployments[deployment].removeprefix(LED_BY))

    @property
    def _stage(self) -> dict[str, Any]:
        assert self._world.stage is not None
        return self._world.stage


class IntegrationDoor:
    """An HTTP API's integrations, of which routes use one. It is both the door and boto3's client of it."""

    def __init__(self) -> None:
        self._there: dict[str, Integration] = {}
        self._live = ""
        self._made = 0

    def begins(self, left: int, base: int) -> None:
        for each in (left, base):
            self._make(names.home_integration(each), each)

    def ends(self, base: int) -> None:
        self._live = self._make(names.LIVE_INTEGRATION, base)
        self.goes_back()

    def goes_back(self) -> None:
        self._there = {self._live: self._there[self._live]}

    def ways(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        yield int(self._there[self._live]["IntegrationUri"].removeprefix("home:")), {}

    def get_integrations(self, *, ApiId: str, MaxResults: str) -> Mapping[str, Any]:
        return {"Items": [dict(there) for there in self._there.values()]}

    def update_integration(self, *, ApiId: str, IntegrationId: str, **patch: Any) -> None:
        if IntegrationId not in self._there:
            raise refused("Invalid Integration identifier specified", "NotFoundException")
        self._there[IntegrationId] |= patch

    @property
    def stacks(self) -> Any:
        detail = {"PhysicalResourceId": "api1", "ResourceType": "AWS::ApiGatewayV2::Api"}
        return SimpleNamespace(describe_stack_resource=lambda **_: {"StackResourceDetail": detail})

    def _make(self, description: str, base: int) -> str:
        self._made += 1
        made = f"integration-{self._made}"
        self._there[made] = {
            "IntegrationId": made,
            "Description": description,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": f"home:{base}",
        }
        return made
