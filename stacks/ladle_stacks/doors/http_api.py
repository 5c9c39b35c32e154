"""An HTTP API: a route for each path, IAM or tokens or nobody asked, throttled."""

from __future__ import annotations

from functools import partial

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ladle import names
from ladle.catalog import DoorAuth, DoorKind
from ladle.config.doors import row_of
from ladle.planning.door_resources import INTAKE_ROUTES, predict_routes, route_ids
from ladle.planning.moving import LIVE
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns
from ladle_stacks.doors.behind import Behind, ToFunction, ToListener
from ladle_stacks.doors.opened import Opened
from ladle_stacks.home import home_of
from ladle_stacks.left_home import kept_integration, leads_to

AUTHORIZATION = {DoorAuth.IAM: "AWS_IAM", DoorAuth.JWT: "JWT", DoorAuth.NONE: "NONE"}
# What a page may send: whose call it is, and of what.
PAGE_HEADERS = (
    "authorization",
    "content-type",
    "ladle-shape",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
)
_ADDRESS = "https://${Door}.execute-api.${AWS::Region}.${AWS::URLSuffix}"


def opened(scope: Construct, spec: ServiceSpec, behind: Behind, intake: ToFunction) -> Opened:
    door = _Door(scope, spec, f"Ladle: the front door of {spec.model}")
    live = door.leading(behind)
    door.routes("Predict", predict_routes(spec), live)
    if isinstance(behind, ToFunction):
        may_call(scope, spec, door.api.ref, behind.arn)
    # The platform stack lets every door's POST /feedback in: one permission, however many models.
    door.routes("Feedback", INTAKE_ROUTES, door.to("FeedbackIntegration", intake))
    return Opened(door.url, door.stage())


def labels_only(scope: Construct, spec: ServiceSpec, intake: ToFunction) -> str:
    """The address of a door that takes labels and nothing else."""
    door = _Door(scope, spec, f"Ladle: takes labels of {spec.model}")
    door.routes("Feedback", INTAKE_ROUTES, door.to("FeedbackIntegration", intake))
    door.stage()
    return door.url


def may_call(scope: Construct, spec: ServiceSpec, api_id: str, alias: str) -> None:
    lambda_.CfnPermission(
        home_of(scope, spec),
        "PredictByDoor",
        action="lambda:InvokeFunction",
        function_name=alias,
        principal="apigateway.amazonaws.com",
        source_arn=arns.api_calls(api_id),
    )


class _Door:
    """One API while its routes are added."""

    def __init__(self, scope: Construct, spec: ServiceSpec, description: str) -> None:
        self._scope, self._spec = scope, spec
        self.api = api.CfnApi(
            scope,
            "Door",
            name=names.function(spec.model),
            description=description,
            protocol_type="HTTP",
            cors_configuration=_cors(spec),
        )
        self.url = cdk.Fn.sub(_ADDRESS, {"Door": self.api.ref})
        self._tokens = _tokens(scope, spec, self.api) if spec.door.auth is DoorAuth.JWT else None

    def routes(self, id_: str, routes: tuple[str, ...], integration: cdk.CfnResource) -> None:
        for route_id, route in route_ids(id_, routes):
            api.CfnRoute(
                self._scope,
                route_id,
                api_id=self.api.ref,
                route_key=route,
                target=f"integrations/{integration.ref}",
                authorization_type=AUTHORIZATION[self._spec.door.auth],
                authorizer_id=self._tokens,
            )

    def leading(self, behind: Behind) -> cdk.CfnResource:
        """What predictions go through. While the model moves it stays as it was, since the controller leads
        it from home to home, by the example of one that no route uses for each of them. Then routes lead
        through the new home's own: where that deploy fails, they go back to what the controller has led.
        """
        spec = self._spec
        if spec.left is None:
            home = home_of(self._scope, spec)
            return self.to(LIVE, behind, names.LIVE_INTEGRATION, home)
        old, new = spec.left.home.base, spec.base
        self.to(leads_to(new), behind, names.home_integration(new))
        kept = partial(kept_integration, self._scope, spec.model, spec.left)
        kept(names.home_integration(old), leads_to(old))
        return kept(names.LIVE_INTEGRATION)

    def to(
        self,
        id_: str,
        behind: Behind,
        description: str | None = None,
        scope: Construct | None = None,
    ) -> api.CfnIntegration:
        row = row_of(DoorKind.HTTP_API, self._spec.target)
        waits_s = min(self._spec.compute.timeout_s, row.timeout_s)
        if row.through:
            waits_s += names.LATE_S
        made = partial(
            api.CfnIntegration,
            scope or self._scope,
            id_,
            api_id=self.api.ref,
            description=description,
            timeout_in_millis=waits_s * 1000,
        )
        if isinstance(behind, ToFunction):
            return made(
                integration_type="AWS_PROXY",
                integration_uri=behind.arn,
                payload_format_version="2.0",
            )
        if isinstance(behind, ToListener):
            return made(
                integration_type="HTTP_PROXY",
                integration_method="ANY",
                integration_uri=behind.arn,
                connection_type="VPC_LINK",
                connection_id=behind.vpc_link,
                payload_format_version="1.0",
            )
        raise TypeError("an HTTP API cannot ask an AWS service with a path of its own")

    def stage(self) -> api.CfnStage:
        rate = self._spec.door.rate_per_s
        return api.CfnStage(
            self._scope,
            "DoorStage",
            api_id=self.api.ref,
            stage_name="$default",
            auto_deploy=True,
            stage_variables={
                "model": self._spec.model
            },  # the intake serves the doors of all models
            default_route_settings=api.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=rate, throttling_burst_limit=max(1, round(2 * rate))
            ),
        )


def _tokens(scope: Construct, spec: ServiceSpec, door: api.CfnApi) -> str:
    authorizer = api.CfnAuthorizer(
        scope,
        "DoorTokens",
        api_id=door.ref,
        authorizer_type="JWT",
        name=names.function(spec.model),
        identity_source=["$request.header.Authorization"],
        jwt_configuration=api.CfnAuthorizer.JWTConfigurationProperty(
            issuer=spec.door.issuer, audience=list(spec.door.audience)
        ),
    )
    return authorizer.ref


def _cors(spec: ServiceSpec) -> api.CfnApi.CorsProperty | None:
    """Pages may send what a prediction and its label need, and read when to come again."""
    if not spec.door.cors:
        return None
    return api.CfnApi.CorsProperty(
        allow_origins=list(spec.door.cors),
        allow_methods=["GET", "POST"],
        allow_headers=list(PAGE_HEADERS),
        expose_headers=["retry-after"],
        max_age=600,
    )
