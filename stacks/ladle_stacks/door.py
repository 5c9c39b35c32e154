"""The front door: predictions go to the alias, labels to the platform's intake.

It stands behind the hand-off, since the alias that it leads to does not exist before.
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ladle import names
from ladle.catalog import DoorAuth
from ladle.planning.resources import INTAKE_ROUTES, SERVING_ROUTES
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns

_AUTHORIZATION = {DoorAuth.IAM: "AWS_IAM", DoorAuth.NONE: "NONE"}


def front_door(scope: Construct, spec: ServiceSpec, release: cdk.CfnCustomResource) -> None:
    door = api.CfnApi(
        scope,
        "Door",
        name=names.function(spec.model),
        description=f"Ladle: the front door of {spec.model}",
        protocol_type="HTTP",
    )
    alias = release.get_att("AliasArn").to_string()
    _routes(scope, "Predict", door, spec, SERVING_ROUTES, alias)
    _may_call(scope, door, alias)
    # The platform stack lets every door's POST /feedback in: one permission, however many models.
    _routes(scope, "Feedback", door, spec, INTAKE_ROUTES, arns.function(names.INTAKE_FUNCTION))
    _stage(scope, door, spec)
    address = "https://${Door}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    url = cdk.Fn.sub(address, {"Door": door.ref})
    cdk.CfnOutput(scope, "Url", value=url, description=f"Where {spec.model} answers")


def _routes(
    scope: Construct,
    id_: str,
    door: api.CfnApi,
    spec: ServiceSpec,
    routes: tuple[str, ...],
    function_arn: str,
) -> None:
    integration = api.CfnIntegration(
        scope,
        f"{id_}Integration",
        api_id=door.ref,
        integration_type="AWS_PROXY",
        integration_uri=function_arn,
        payload_format_version="2.0",
        timeout_in_millis=min(spec.compute.timeout_s * 1000, 30_000),
    )
    for number, route in enumerate(routes):
        api.CfnRoute(
            scope,
            f"{id_}Route{number}",
            api_id=door.ref,
            route_key=route,
            target=f"integrations/{integration.ref}",
            authorization_type=_AUTHORIZATION[spec.door.auth],
        )


def _may_call(scope: Construct, door: api.CfnApi, alias: str) -> None:
    lambda_.CfnPermission(
        scope,
        "PredictByDoor",
        action="lambda:InvokeFunction",
        function_name=alias,
        principal="apigateway.amazonaws.com",
        source_arn=arns.api_calls(door.ref),
    )


def _stage(scope: Construct, door: api.CfnApi, spec: ServiceSpec) -> None:
    rate = spec.door.rate_per_s
    api.CfnStage(
        scope,
        "DoorStage",
        api_id=door.ref,
        stage_name="$default",
        auto_deploy=True,
        stage_variables={"model": spec.model},  # the intake serves the doors of all models
        default_route_settings=api.CfnStage.RouteSettingsProperty(
            throttling_rate_limit=rate, throttling_burst_limit=max(1, round(2 * rate))
        ),
    )
