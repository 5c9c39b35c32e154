"""The REST API of a moving model, as its stack makes it, with a deployment for each home: on moto, the embedded
AWS, and a stage by AWS's own rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tests.contract.releases.api_doors import Stacks
from tests.contract.releases.stage_world import StageWorld

from ladle import names
from ladle.aws.session import AwsSession


@dataclass(frozen=True)
class AsAws:
    """Moto's REST APIs; a stage of moto's takes any patch, where AWS knows what parts it has."""

    moto: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.moto, name)

    def update_stage(self, **asked: Any) -> Any:
        if asked["patchOperations"][0]["path"] == "/rehearsal":
            error = {"Error": {"Code": "BadRequestException", "Message": "Invalid patch path"}}
            raise ClientError(error, "UpdateStage")  # type: ignore[arg-type]
        return self.moto.update_stage(**asked)


@dataclass(frozen=True)
class OnMoto:
    """The stacks are told, the APIs are moto's."""

    apis: Any
    cloudformation: Stacks


class RestDoors:
    """Makes and changes what a deploy makes and a person may change."""

    def __init__(self, session: Any) -> None:
        self.session = session

    @classmethod
    def on_moto(cls, session: AwsSession) -> RestDoors:
        return cls(OnMoto(AsAws(session.apis), Stacks({}, "AWS::ApiGateway::RestApi")))

    def open(self, model: str, bases: tuple[int, ...]) -> None:
        """Led to the first of ``bases``; without any, to a deployment that nobody described."""
        apis = self.session.apis
        if isinstance(self.session, OnMoto):
            api = apis.create_rest_api(name=model)["id"]
            self.session.cloudformation.doors[names.model_stack(model)] = api
        else:
            door = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": model}}
            self.session.cloudformation.create_stack(
                StackName=names.model_stack(model),
                TemplateBody=json.dumps({"Resources": {"Door": door}}),
            )
            api = self._api(model)
        [root] = apis.get_resources(restApiId=api)["items"]
        method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
        apis.put_method(**method, authorizationType="NONE")
        apis.put_integration(**method, type="MOCK")
        first = apis.create_deployment(restApiId=api)["id"]
        if bases:
            first, *_ = [self.show(model, base) for base in bases]
        apis.create_stage(restApiId=api, stageName=names.ALIAS, deploymentId=first)

    def show(self, model: str, base: int) -> str:
        """As the deploy does that begins a move."""
        made = self.session.apis.create_deployment(
            restApiId=self._api(model), description=names.home_integration(base)
        )
        return str(made["id"])

    def close(self, model: str) -> None:
        if isinstance(self.session, OnMoto):
            self.session.apis.delete_rest_api(restApiId=self._api(model))
            del self.session.cloudformation.doors[names.model_stack(model)]
        else:
            self.session.cloudformation.delete_stack(StackName=names.model_stack(model))

    def live(self, model: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.session.apis.get_stage(
            restApiId=self._api(model), stageName=names.ALIAS
        )
        return found

    def lead(self, model: str, deployment: str) -> None:
        """As a person does at the console."""
        self.session.apis.update_stage(
            restApiId=self._api(model),
            stageName=names.ALIAS,
            patchOperations=[{"op": "replace", "path": "/deploymentId", "value": deployment}],
        )

    def somebodys(self, model: str) -> str:
        """A deployment that is of no home."""
        made = self.session.apis.create_deployment(restApiId=self._api(model), description="mine")
        return str(made["id"])

    def _api(self, model: str) -> str:
        found = self.session.cloudformation.describe_stack_resource(
            StackName=names.model_stack(model), LogicalResourceId="Door"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


@dataclass(frozen=True)
class StrictDoors:
    """The same of a world whose one stack may have one REST API."""

    session: Any

    @classmethod
    def closed(cls) -> StrictDoors:
        return cls(StageWorld(stage=None, deployments={}))

    def open(self, model: str, bases: tuple[int, ...]) -> None:
        first, *_ = [self.show(model, base) for base in bases] or [self.somebodys(model)]
        self.session.stage = {"deploymentId": first, "variables": {"model": model}}

    def show(self, model: str, base: int) -> str:
        return self._made(names.home_integration(base))

    def somebodys(self, model: str) -> str:
        return self._made("mine")

    def close(self, model: str) -> None:
        self.session.stage = None
        self.session.deployments.clear()

    def live(self, model: str) -> Mapping[str, Any]:
        return dict(self.session.stage)

    def lead(self, model: str, deployment: str) -> None:
        self.session.stage["deploymentId"] = deployment

    def _made(self, description: str) -> str:
        made = f"d{len(self.session.deployments)}"
        self.session.deployments[made] = description
        return made
