"""The HTTP API of a moving model, as its stack makes it: on moto and on the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.session import AwsSession

OLD, NEW = 0, 2  # bases of the two homes
Integration = Mapping[str, Any]
FUNCTION: Integration = {
    "IntegrationType": "AWS_PROXY",
    "IntegrationUri": "arn:aws:lambda:eu-west-1:123456789012:function:ladle-contract:live",
    "PayloadFormatVersion": "2.0",
    "TimeoutInMillis": 29000,
}
SERVICE: Integration = {
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "ANY",
    "IntegrationUri": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/a/b/c",
    "ConnectionType": "VPC_LINK",
    "ConnectionId": "link",
    "PayloadFormatVersion": "1.0",
    "TimeoutInMillis": 30000,
}


@dataclass(frozen=True)
class Stacks:
    """The stacks of an account by the API that each made; all that is asked of CloudFormation here."""

    doors: dict[str, str]
    type_: str = "AWS::ApiGatewayV2::Api"

    def describe_stack_resource(self, *, StackName: str, LogicalResourceId: str) -> Any:  # noqa: N803
        if StackName not in self.doors or LogicalResourceId != "Door":
            error = {"Error": {"Code": "ValidationError", "Message": "does not exist"}}
            raise ClientError(error, "DescribeStackResource")  # type: ignore[arg-type]
        detail = {"PhysicalResourceId": self.doors[StackName], "ResourceType": self.type_}
        return {"StackResourceDetail": detail}


@dataclass(frozen=True)
class AsAws:
    """Moto's HTTP APIs, which stumble where AWS says that there is no such integration."""

    moto: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.moto, name)

    def update_integration(self, **patch: Any) -> Any:
        there = self.moto.get_integrations(ApiId=patch["ApiId"])["Items"]
        if patch["IntegrationId"] not in {integration["IntegrationId"] for integration in there}:
            error = {"Error": {"Code": "NotFoundException", "Message": "Invalid identifier"}}
            raise ClientError(error, "UpdateIntegration")  # type: ignore[arg-type]
        return self.moto.update_integration(**patch)


@dataclass(frozen=True)
class OnMoto:
    """Moto's CloudFormation knows no HTTP APIs: the stacks are told, the APIs are moto's."""

    http_apis: Any
    cloudformation: Stacks


class Doors:
    """Makes and changes what a deploy makes and a person may change."""

    def __init__(self, session: Any) -> None:
        self.session = session

    @classmethod
    def on_moto(cls, session: AwsSession) -> Doors:
        return cls(OnMoto(AsAws(session.http_apis), Stacks({})))

    def open(self, model: str, live: Integration, samples: Mapping[int, Integration]) -> None:
        described = {names.LIVE_INTEGRATION: live, "": FUNCTION}
        described |= {names.home_integration(base): sample for base, sample in samples.items()}
        if isinstance(self.session, OnMoto):
            api = self.session.http_apis.create_api(Name=model, ProtocolType="HTTP")["ApiId"]
            self.session.cloudformation.doors[names.model_stack(model)] = api
            for description, integration in described.items():
                self._add(model, description, integration)
        else:
            self.session.cloudformation.create_stack(
                StackName=names.model_stack(model), TemplateBody=json.dumps(_template(described))
            )

    def show(self, model: str, samples: Mapping[int, Integration]) -> None:
        """As the deploy does that begins a move."""
        for base, sample in samples.items():
            self._add(model, names.home_integration(base), sample)

    def close(self, model: str) -> None:
        if isinstance(self.session, OnMoto):
            del self.session.cloudformation.doors[names.model_stack(model)]
        else:
            self.session.cloudformation.delete_stack(StackName=names.model_stack(model))

    def live(self, model: str) -> Integration:
        found = self.session.http_apis.get_integrations(ApiId=self._api(model))["Items"]
        return next(i for i in found if i.get("Description") == names.LIVE_INTEGRATION)

    def write(self, model: str, **patch: Any) -> None:
        """As a person does at the console."""
        self.session.http_apis.update_integration(
            ApiId=self._api(model), IntegrationId=self.live(model)["IntegrationId"], **patch
        )

    def _add(self, model: str, description: str, integration: Integration) -> None:
        self.session.http_apis.create_integration(
            ApiId=self._api(model), Description=description, **integration
        )

    def _api(self, model: str) -> str:
        found = self.session.cloudformation.describe_stack_resource(
            StackName=names.model_stack(model), LogicalResourceId="Door"
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _template(described: Mapping[str, Integration]) -> Mapping[str, Any]:
    integrations = {
        f"Integration{number}": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Door"},
                "Description": description,
                **integration,
            },
        }
        for number, (description, integration) in enumerate(described.items())
    }
    door = {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {"Name": "contract", "ProtocolType": "HTTP"},
    }
    return {"Resources": {"Door": door, **integrations}}
