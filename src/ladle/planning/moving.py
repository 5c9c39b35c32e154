"""While a model moves its stack holds two homes: what of the old one plans must know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ladle import names
from ladle.catalog import DoorAuth, DoorKind, Target
from ladle.planning import arns
from ladle.planning.grant import Grant, Thing, allow
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec

# What of a door is led, and stays as it was while the model moves: its id in the template, and its type.
LIVE, INTEGRATION = "PredictIntegration", "AWS::ApiGatewayV2::Integration"
STAGE, _STAGE_OF_REST = "DoorStage", "AWS::ApiGateway::Stage"
_LIVE_OF_A_HOME = re.compile(rf"({names.home_scope(0)}|Home\d+){LIVE}")
_HASH = re.compile(r"[0-9A-F]{8}$")  # the CDK's own, behind a logical id
_NUMBER = re.compile(r"(?<=Route)\d+$")
# What both homes share is the stack's, whatever its config says; a number stands behind a route.
_SHARED = frozenset(
    (
        *("EvidenceAlarm", "RouterRole", "Release"),
        *(
            f"{function}{part}"
            for function in ("Handoff", "Bundler")
            for part in ("", "Role", "Logs")
        ),
        *("Door", STAGE, "PredictRoute"),
        *("FeedbackIntegration", "FeedbackRoute"),
    )
)
_NAMED_BY = ("FunctionName", "RoleName", "ClusterName", "AlarmName", "LogGroupName", "DomainName")


def left_of(spec: ServiceSpec) -> ServiceSpec | None:
    """The home that is left, for what follows from target, base and model alone: its config is gone."""
    if spec.left is None:
        return None
    home = spec.left.home
    return replace(spec, target=home.target, base=home.base, left=None)


def logged_with(spec: ServiceSpec) -> int | None:
    """The base of the home that its log group came with. None where each release has a log of its own,
    which the hand-off makes.
    """
    return {Target.LAMBDA: spec.logs, Target.ECS: spec.logs, Target.SAGEMAKER: spec.base}.get(
        spec.target
    )


def stays(spec: ServiceSpec) -> Mapping[str, Any]:
    """What the stack keeps of the home that is left, by logical id, as it was deployed."""
    if spec.left is None:
        return {}
    anew = {*_SHARED, *_described(spec), live_of(spec.left.resources)}
    return {
        id_: resource
        for id_, resource in spec.left.resources.items()
        if _NUMBER.sub("", _HASH.sub("", id_)) not in anew and id_ not in anew
    }


def _described(spec: ServiceSpec) -> Iterator[str]:
    """What a stack holds of the stack's own only where its config, or its target, asks for it."""
    if (base := logged_with(spec)) is not None:  # perhaps that of both homes
        yield from (f"{names.home_scope(base)}{part}" for part in ("Logs", "LinesToCollector"))
    yield from (f"Notify{number}" for number in range(len(spec.notify)))
    asked = {
        "Dashboard": spec.dashboard,
        "Budget": spec.ceilings.monthly_usd is not None,
        "IdleAlarm": spec.ceilings.idle_ttl_s is not None,
        "DoorTokens": spec.door.auth is DoorAuth.JWT,
        "Domain": spec.door.domain is not None,
        "DomainMapping": spec.door.domain is not None,
        **dict.fromkeys(("Key", "UsagePlan", "KeyOfPlan"), spec.door.auth is DoorAuth.API_KEY),
    }
    yield from (id_ for id_, is_asked in asked.items() if is_asked)


def resources_of_the_move(spec: ServiceSpec) -> Iterator[Resource]:
    """Beside what a model has that stays where it is."""
    if spec.left is None:
        return
    if spec.door.kind is DoorKind.HTTP_API:
        for _ in (spec.left.home, spec.home):
            yield Resource(INTEGRATION)
    if not spec.left.home.base:
        yield Resource("AWS::IAM::Policy")
    for resource in stays(spec).values():
        properties = resource.get("Properties", {})
        named = (properties[key] for key in _NAMED_BY if key in properties)
        yield Resource(resource["Type"], next((n for n in named if isinstance(n, str)), None))


def door_of(resources: Mapping[str, Any]) -> DoorKind | None:
    """The kind of door that a deployed stack has, if it is one that can be led elsewhere."""
    if live_of(resources) is not None:
        return DoorKind.HTTP_API
    is_rest = resources.get(STAGE, {}).get("Type") == _STAGE_OF_REST
    return DoorKind.REST_API if is_rest else None


def live_of(resources: Mapping[str, Any]) -> str | None:
    """What predictions go through behind an HTTP API: each home has one of its own. So the template after a
    move names another than the one before, and no rollback of a stack writes where the door leads to.
    """
    found = (id_ for id_, resource in resources.items() if resource["Type"] == INTEGRATION)
    return next((i for i in found if _LIVE_OF_A_HOME.fullmatch(_HASH.sub("", i))), None)


def has_led_stage(spec: ServiceSpec) -> bool:
    """Whether a deploy may find the stage of a REST API where the controller has led it, and not where the
    template before it says. Then it comes last of what Ladle makes: what CloudFormation takes back, once
    something fails, leads back to the home that was left.
    """
    return bool(spec.base) and spec.left is None and spec.door.kind is DoorKind.REST_API


def says_its_home(resources: Mapping[str, Any]) -> bool:
    """Whether what a REST API answers by is known from that of another home."""
    answers = resources[STAGE]["Properties"]["DeploymentId"]["Ref"]
    return "Description" in resources[answers]["Properties"]


def leading(spec: ServiceSpec) -> Iterator[Grant]:
    """Leads the door from home to home. It is found through the model's stack."""
    if spec.door.kind is DoorKind.REST_API:
        stage = Thing(arns.stage_of_the_door(names.ALIAS), "the stage of its door")
        every = Thing(arns.deployments_of_the_door(), "its door")
        yield allow("apigateway", ["GET"], every)
        yield allow("apigateway", ["GET", "PATCH"], stage)
    else:
        integrations = arns.integrations_of_the_door()
        yield allow("apigateway", ["GET"], Thing(integrations, "its door"))
        yield allow("apigateway", ["PATCH"], Thing(f"{integrations}/*", "its door"))
    stack = names.model_stack(spec.model)
    its_stack = Thing(arns.stack(stack), f"the stack {stack}")
    yield allow("cloudformation", ["DescribeStackResource"], its_stack)
