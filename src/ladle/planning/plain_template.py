"""A model's function and door as plain CloudFormation, for those who leave: nothing in it is Ladle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle.catalog import DoorAuth
from ladle.digest import hex_of
from ladle.planning.door_resources import SERVING_ROUTES
from ladle.planning.permissions import secrets
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import secrets_environment, serving_json
from ladle.planning.targets.lambda_function import network_interfaces

MODEL_FOLDER = "/var/task/model"  # where the exported Dockerfile puts the model
Template = dict[str, Any]


def plain_template(spec: ServiceSpec) -> Template:
    """One stack with one parameter, the address of the image."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The model {spec.model}, as Ladle exported it",
        "Parameters": {
            "ImageUri": {"Type": "String", "Description": "The image, by its digest in ECR"}
        },
        "Resources": {
            "Logs": {
                "Type": "AWS::Logs::LogGroup",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": {"RetentionInDays": spec.log_retention_days},
            },
            "Role": _role(spec),
            "Function": _function(spec),
            **_door(spec),
        },
        "Outputs": {
            "Url": {
                "Description": f"Where {spec.model} answers",
                "Value": _sub("https://${Door}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
            }
        },
    }


def plain_environment(spec: ServiceSpec) -> Mapping[str, str]:
    """What the function's process is told; the team's own variables cannot replace these."""
    return {
        **spec.env,
        **secrets_environment(spec),
        "LADLE_MODEL": spec.model,
        "LADLE_MODEL_FILE": f"{MODEL_FOLDER}/{spec.source.file_name}",
        "LADLE_RELEASE_DIGEST": hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec),
    }


def _role(spec: ServiceSpec) -> Template:
    """It may write its own log and read its secrets, and nothing else: the model lies in the image."""
    trust = {"Service": "lambda.amazonaws.com"}
    log = {
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": ["Logs", "Arn"]},
    }
    own = [
        {"Action": list(g.actions), "Resource": [_filled(t.arn) for t in g.things]}
        for g in (*secrets(spec), *network_interfaces(spec))
    ]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _policy({"Principal": trust, "Action": "sts:AssumeRole"}),
            "Policies": [{"PolicyName": "serving", "PolicyDocument": _policy(log, *own)}],
        },
    }


def _policy(*statements: Template) -> Template:
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return {"Version": "2012-10-17", "Statement": allowed}


def _function(spec: ServiceSpec) -> Template:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Description": f"Serves {spec.model}",
            "PackageType": "Image",
            "Code": {"ImageUri": {"Ref": "ImageUri"}},
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "MemorySize": spec.compute.memory_mb,
            "Timeout": spec.compute.timeout_s,
            "Architectures": [str(spec.arch)],
            "Environment": {"Variables": dict(plain_environment(spec))},
            "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
            **_network(spec),
        },
    }


def _network(spec: ServiceSpec) -> Template:
    if not spec.network:
        return {}
    subnets, groups = spec.network["subnets"], spec.network["security_groups"]
    return {"VpcConfig": {"SubnetIds": list(subnets), "SecurityGroupIds": list(groups)}}


def _door(spec: ServiceSpec) -> Template:
    """An HTTP API, whatever the door was; where a key was asked for, it asks for a signature."""
    rate = spec.door.rate_per_s
    tokens = spec.door.auth is DoorAuth.JWT
    to_function = {
        "ApiId": {"Ref": "Door"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    limits = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": max(1, round(2 * rate))}
    stage = {"ApiId": {"Ref": "Door"}, "StageName": "$default", "AutoDeploy": True}
    called_by = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Door}/*/*"
    door = {"Name": spec.model, "ProtocolType": "HTTP"}
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "Function"},
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": _sub(called_by),
    }
    return {
        "Door": _resource("AWS::ApiGatewayV2::Api", door),
        "ToFunction": _resource("AWS::ApiGatewayV2::Integration", to_function),
        **({"Tokens": _tokens(spec)} if tokens else {}),
        **_routes(spec),
        "Stage": _resource("AWS::ApiGatewayV2::Stage", {**stage, "DefaultRouteSettings": limits}),
        "CalledByDoor": _resource("AWS::Lambda::Permission", permission),
    }


def _routes(spec: ServiceSpec) -> Template:
    asks = {DoorAuth.NONE: "NONE", DoorAuth.JWT: "JWT"}.get(spec.door.auth, "AWS_IAM")
    checked = {"AuthorizerId": {"Ref": "Tokens"}} if asks == "JWT" else {}
    to_function = {"ApiId": {"Ref": "Door"}, "Target": _sub("integrations/${ToFunction}")}
    return {
        f"Route{number}": _resource(
            "AWS::ApiGatewayV2::Route",
            {**to_function, "RouteKey": route, "AuthorizationType": asks, **checked},
        )
        for number, route in enumerate(SERVING_ROUTES)
    }


def _tokens(spec: ServiceSpec) -> Template:
    issued = {"Issuer": spec.door.issuer, "Audience": list(spec.door.audience)}
    return _resource(
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": {"Ref": "Door"},
            "AuthorizerType": "JWT",
            "Name": spec.model,
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": issued,
        },
    )


def _resource(type_: str, properties: Template) -> Template:
    return {"Type": type_, "Properties": properties}


def _sub(text: str) -> Template:
    return {"Fn::Sub": text}


def _filled(arn: str) -> Template | str:
    return _sub(arn) if "${" in arn else arn
