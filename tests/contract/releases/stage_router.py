"""A router of a model whose three releases have an endpoint each, on the strict world and on moto."""

from __future__ import annotations

import json
from typing import Any

from tests.contract.releases.sagemaker_router import Opens, Patient
from tests.contract.releases.sagemaker_world import ledger_of, waits
from tests.contract.releases.stage_world import StageWorld, serving

from ladle import names
from ladle.aws.session import AwsSession
from ladle.aws.traffic.endpoint_per_release import StageRouter
from ladle.aws.versions.endpoint_per_release import StagedVersions
from ladle.catalog import Target


def on_a_stage(model: str, releases: tuple[int, ...], world: Any = None) -> Opens:
    world = world or StageWorld()
    return _router(world, model, releases, world.pass_time)


def on_moto(session: AwsSession, model: str, releases: tuple[int, ...]) -> Opens:
    """Moto takes canary settings and forgets them, so traffic here goes to one release at a time."""
    open_a_door(session, model)
    return _router(session, model, releases, lambda: None)


def open_a_door(session: AwsSession, model: str) -> None:
    session.cloudformation.create_stack(
        StackName=names.model_stack(model), TemplateBody=json.dumps(DOOR)
    )


def _router(session: Any, model: str, releases: tuple[int, ...], pass_time: Any) -> Opens:
    versions = StagedVersions(session, ledger_of(), waits(None))
    for number in releases:
        release_hex = f"{number:016x}" * 4
        versions.publish(model, release_hex, serving(release_hex), 0)

    def publish() -> None:
        versions.open_if_absent(model, releases[0], serving(f"{releases[0]:016x}" * 4))
        pass_time()

    router = StageRouter(lambda _model: session, Target.SAGEMAKER_SERVERLESS)
    return Patient(router, pass_time), publish


DOOR = {
    "Resources": {
        "Door": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "door"}},
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Door"},
                "ResourceId": {"Fn::GetAtt": ["Door", "RootResourceId"]},
                "HttpMethod": "POST",
                "AuthorizationType": "NONE",
                "Integration": {
                    "Type": "MOCK",
                    "IntegrationHttpMethod": "POST",
                    "Uri": "mock:",
                },
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Method",
            "Properties": {"RestApiId": {"Ref": "Door"}, "StageName": names.ALIAS},
        },
    }
}
