"""A model's function and door as plain CloudFormation, for those who leave: nothing in it is Ladle's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ladle.catalog import DoorAuth
from ladle.digest import hex_of
from ladle.planning.door_resources import SERVING_ROUTES
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import serving_json

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
            "Role": _role(),
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
        "LADLE_MODEL": spec.model,
        "LADLE_MODEL_FILE": f"{MODEL_FOLDER}/{spec.source.file_name}",
        "LADLE_RELEASE_DIGEST": hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec),
    }


def _role() -> Template:
    """It may write its own log, and nothing else: the model lies in the image."""
    trust = {"Service": "lambda.amazonaws.com"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _policy({"Principal": trust, "Action": "sts:AssumeRole"}),
            "Policies": [
                {
                    "PolicyName": "log",
                    "PolicyDocument": _policy(
                        {
                            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                            "Resource": {"Fn::GetAtt": ["Logs", "Arn"]},
                        }
                    ),
                }
            ],
        },
    }


def _policy(statement: Template) -> Template:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


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
        },
    }


def _door(spec: ServiceSpec) -> Template:
    rate = spec.door.rate_per_s
    asks = "NONE" if spec.door.auth is DoorAuth.NONE else "AWS_IAM"
    to_function = {
        "ApiId": {"Ref": "Door"},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": {"Fn::GetAtt": ["Function", "Arn"]},
        "PayloadFormatVersion": "2.0",
    }
    limits = {"ThrottlingRateLimit": rate, "ThrottlingBurstLimit": max(1, round(2 * rate))}
    stage = {"ApiId": {"Ref": "Door"}, "StageName": "$default", "AutoDeploy": True}
    called_by = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Door}/*/*"
    routes = {
        f"Route{number}": _resource(
            "AWS::ApiGatewayV2::Route",
            {
                "ApiId": {"Ref": "Door"},
                "RouteKey": route,
                "AuthorizationType": asks,
                "Target": _sub("integrations/${ToFunction}"),
            },
        )
        for number, route in enumerate(SERVING_ROUTES)
    }
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
        **routes,
        "Stage": _resource("AWS::ApiGatewayV2::Stage", {**stage, "DefaultRouteSettings": limits}),
        "CalledByDoor": _resource("AWS::Lambda::Permission", permission),
    }


def _resource(type_: str, properties: Template) -> Template:
    return {"Type": type_, "Properties": properties}


def _sub(text: str) -> Template:
    return {"Fn::Sub": text}
