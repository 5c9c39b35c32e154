"""A REST API, described as OpenAPI in one piece: API keys with their rate, or AWS services behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as api
from constructs import Construct

from ladle import digest, names
from ladle.catalog import DoorAuth, DoorKind, Tracing
from ladle.config.doors import row_of
from ladle.planning.door_resources import INTAKE_ROUTES, INVOKING_ROUTES
from ladle.planning.moving import STAGE
from ladle.planning.service_spec import Left, ServiceSpec
from ladle_stacks import arns
from ladle_stacks.doors.behind import Behind, ToFunction, ToService
from ladle_stacks.doors.http_api import may_call
from ladle_stacks.doors.opened import Opened
from ladle_stacks.left_home import kept, leads_to

Json = Mapping[str, Any]
_SCHEMES = {DoorAuth.IAM: "signature", DoorAuth.API_KEY: "key", DoorAuth.NONE: None}
_ADDRESS = f"https://${{Door}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{names.ALIAS}"
_ANY = "x-amazon-apigateway-any-method"


def opened(scope: Construct, spec: ServiceSpec, behind: Behind, intake: ToFunction) -> Opened:
    body = _description(spec, _named(spec, behind), intake)
    door = api.CfnRestApi(
        scope,
        "Door",
        name=names.function(spec.model),
        description=f"Ladle: the front door of {spec.model}",
        body=body,
        fail_on_warnings=True,
        endpoint_configuration=api.CfnRestApi.EndpointConfigurationProperty(types=["REGIONAL"]),
    )
    if isinstance(behind, ToFunction):
        may_call(scope, spec, door.ref, behind.arn)
    told = behind.told if isinstance(behind, ToFunction) else {}
    stage = (
        _led(scope, spec, spec.left, door) if spec.left else _stage(scope, spec, door, body, told)
    )
    if spec.door.auth is DoorAuth.API_KEY:
        _key(scope, spec, door, stage)
    return Opened(cdk.Fn.sub(_ADDRESS, {"Door": door.ref}), stage)


def _named(spec: ServiceSpec, behind: Behind) -> Behind:
    """While the model moves the hand-over waits for who may lead the door, and so for the door, which names
    the alias that is to be.
    """
    if spec.left is None or not isinstance(behind, ToFunction):
        return behind
    alias = f"{names.function(spec.model, spec.base)}:{names.ALIAS}"
    return replace(behind, arn=arns.function(alias))


def _description(spec: ServiceSpec, behind: Behind, intake: ToFunction) -> Json:
    """Whoever may label is who AWS vouches for: behind a key, labels ask for a signature."""
    predicts = _SCHEMES[spec.door.auth]
    labels = "signature" if spec.door.auth is DoorAuth.API_KEY else predicts
    paths: dict[str, dict[str, Json]] = {}
    serving = behind.routes if isinstance(behind, ToFunction) else INVOKING_ROUTES
    for routes, to, asks in ((serving, behind, predicts), (INTAKE_ROUTES, intake, labels)):
        for route in routes:
            method, _, path = route.partition(" ")
            called = _ANY if method == "ANY" else method.lower()
            paths.setdefault(path, {})[called] = _operation(spec, to, path, asks)
    return {
        "openapi": "3.0.1",
        "info": {"title": names.function(spec.model), "version": "1"},
        "x-amazon-apigateway-binary-media-types": ["*/*"],
        "paths": paths,
        "components": {"securitySchemes": _schemes(spec)},
    }


def _schemes(spec: ServiceSpec) -> Json:
    in_header = {"type": "apiKey", "in": "header"}
    signature = {**in_header, "name": "Authorization", "x-amazon-apigateway-authtype": "awsSigv4"}
    key = {**in_header, "name": "x-api-key"}
    known: dict[DoorAuth, Json] = {
        DoorAuth.IAM: {"signature": signature},
        DoorAuth.API_KEY: {"signature": signature, "key": key},
    }
    return known.get(spec.door.auth, {})


def _operation(spec: ServiceSpec, to: Behind, path: str, asks: str | None) -> Json:
    text = {"schema": {"type": "string"}}
    told = [
        {"name": name, "in": "path", "required": True, **text}
        for name in re.findall(r"{(\w+)\+?}", path)
    ]
    if isinstance(to, ToService):
        told = [{"name": name, "in": "header", **text} for name in _HEADERS]
    return {
        "responses": {status: {"description": said} for status, said in _ANSWERS.items()},
        "security": [{asks: []}] if asks else [],
        "x-amazon-apigateway-integration": _integration(spec, to),
        **({"parameters": told} if told else {}),
    }


# Of a request to an AWS service; the second carries what of ours SageMaker lets through.
_HEADERS = ("Content-Type", "X-Amzn-SageMaker-Custom-Attributes")
_ANSWERS = {"200": "an answer", "400": "a refusal", "502": "a failure"}


def _integration(spec: ServiceSpec, to: Behind) -> Json:
    waits_s = min(spec.compute.timeout_s, row_of(DoorKind.REST_API).timeout_s)
    asked = {"httpMethod": "POST", "timeoutInMillis": waits_s * 1000}
    if isinstance(to, ToFunction):
        path = "lambda:path/2015-03-31/functions/${Function}/invocations"
        uri = f"arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{path}"
        return {**asked, "type": "aws_proxy", "uri": cdk.Fn.sub(uri, {"Function": to.arn})}
    if isinstance(to, ToService):
        answers = {
            "default": {"statusCode": "200"},
            r"4\d{2}": {"statusCode": "400"},
            r"5\d{2}": {"statusCode": "502"},
        }
        passed = {f"integration.request.header.{n}": f"method.request.header.{n}" for n in _HEADERS}
        return {
            **asked,
            "type": "aws",
            "uri": to.uri,
            "credentials": to.role_arn,
            "requestParameters": passed,
            "passthroughBehavior": "when_no_match",
            "responses": answers,
        }
    raise TypeError("a REST API reaches no listener of a load balancer")


def _stage(
    scope: Construct,
    spec: ServiceSpec,
    door: api.CfnRestApi,
    body: Json,
    told: Mapping[str, str],
) -> api.CfnStage:
    """A deployment is what the API was when it was made: another description needs another one, and so
    does another home, of which the description says nothing else.
    """
    leads = names.home_integration(spec.base)
    seen = cdk.Stack.of(scope).resolve([body, leads])
    made_of = digest.of_bytes(json.dumps(seen, sort_keys=True).encode()).hex[:8]
    deployment = api.CfnDeployment(
        scope, f"Deployment{made_of}", rest_api_id=door.ref, description=leads
    )
    rate = spec.door.rate_per_s
    return api.CfnStage(
        scope,
        STAGE,
        rest_api_id=door.ref,
        deployment_id=deployment.ref,
        stage_name=names.ALIAS,
        variables={**told, "model": spec.model},  # the intake serves the doors of all models
        method_settings=[
            api.CfnStage.MethodSettingProperty(
                http_method="*",
                resource_path="/*",
                throttling_rate_limit=rate,
                throttling_burst_limit=max(1, round(2 * rate)),
            )
        ],
        tracing_enabled=spec.tracing is Tracing.XRAY,
    )


def _led(scope: Construct, spec: ServiceSpec, left: Left, door: api.CfnRestApi) -> cdk.CfnResource:
    """While the model moves the stage stays as it was, since the controller leads it from the deployment
    that it had to the new home's.
    """
    api.CfnDeployment(
        scope,
        leads_to(spec.base),
        rest_api_id=door.ref,
        description=names.home_integration(spec.base),
    )
    return kept(scope, spec.model, left, STAGE)


def _key(scope: Construct, spec: ServiceSpec, door: api.CfnRestApi, stage: cdk.CfnResource) -> None:
    """API Gateway draws the key; no template, log or output of ours ever holds it."""
    name, rate = names.function(spec.model), spec.door.rate_per_s
    key = api.CfnApiKey(
        scope, "Key", name=name, enabled=True, description=f"Ladle: lets callers of {spec.model} in"
    )
    quota = spec.door.quota_per_day
    plan = api.CfnUsagePlan(
        scope,
        "UsagePlan",
        usage_plan_name=name,
        api_stages=[api.CfnUsagePlan.ApiStageProperty(api_id=door.ref, stage=stage.ref)],
        throttle=api.CfnUsagePlan.ThrottleSettingsProperty(
            rate_limit=rate, burst_limit=max(1, round(2 * rate))
        ),
        quota=api.CfnUsagePlan.QuotaSettingsProperty(limit=quota, period="DAY") if quota else None,
    )
    api.CfnUsagePlanKey(
        scope, "KeyOfPlan", key_id=key.ref, key_type="API_KEY", usage_plan_id=plan.ref
    )
