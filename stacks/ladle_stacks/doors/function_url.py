"""A function's own URL, on the alias; labels have a small HTTP API beside it."""

from __future__ import annotations

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ladle import names
from ladle.catalog import DoorAuth
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns
from ladle_stacks.doors import http_api
from ladle_stacks.doors.behind import Behind, ToFunction
from ladle_stacks.doors.opened import Opened


def opened(scope: Construct, spec: ServiceSpec, behind: Behind, intake: ToFunction) -> Opened:
    if not isinstance(behind, ToFunction):
        raise TypeError("a function's own URL leads to the function")
    public = spec.door.auth is DoorAuth.NONE
    url = lambda_.CfnUrl(
        scope,
        "DoorUrl",
        target_function_arn=arns.function(names.function(spec.model, spec.base)),
        qualifier=names.ALIAS,
        auth_type="NONE" if public else "AWS_IAM",
        cors=_cors(spec),
    )
    if public:
        _let_anyone_in(scope, behind.arn)
    labels_url = http_api.labels_only(scope, spec, intake)
    return Opened(url.attr_function_url, None, (url,), labels_url)


def _let_anyone_in(scope: Construct, alias: str) -> None:
    """AWS asks for both: the URL's own permission, and the function's for calls by its URL only."""
    lambda_.CfnPermission(
        scope,
        "UrlByAnyone",
        action="lambda:InvokeFunctionUrl",
        function_name=alias,
        principal="*",
        function_url_auth_type="NONE",
    )
    lambda_.CfnPermission(
        scope,
        "PredictByAnyone",
        action="lambda:InvokeFunction",
        function_name=alias,
        principal="*",
        invoked_via_function_url=True,
    )


def _cors(spec: ServiceSpec) -> lambda_.CfnUrl.CorsProperty | None:
    if not spec.door.cors:
        return None
    return lambda_.CfnUrl.CorsProperty(
        allow_origins=list(spec.door.cors),
        allow_methods=["GET", "POST"],
        allow_headers=list(http_api.PAGE_HEADERS),
        expose_headers=["retry-after"],
        max_age=600,
    )
