"""What a model moves away from stays in its stack as it was deployed, until the move is finished."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as rest
from aws_cdk import aws_apigatewayv2 as api
from constructs import Construct

from ladle import names
from ladle.catalog import Target
from ladle.errors import LadleError
from ladle.planning.locking import movable
from ladle.planning.moving import STAGE, door_of, live_of
from ladle.planning.service_spec import Left, ServiceSpec
from ladle_stacks import arns

RELEASE = "Release"
_THE_CDKS_OWN = "AWS::CDK::Metadata"
_IN_TEXT = re.compile(r"\$\{([^!}.]+)")


def leads_to(base: int) -> str:
    """The id of what shows how a door leads to a home."""
    return f"LeadsTo{base}"


def refuse_unmovable(spec: ServiceSpec) -> None:
    """Raises LD283 for what no door can be led away from; ``ladle migrate`` does so before it writes."""
    if spec.left is None:
        return
    now, was, there = door_of(spec.left.resources), spec.left.home.target, movable(spec.door.kind)
    found = {
        f"it goes to {spec.target}": spec.target not in there,
        f"it comes from {was}": was not in there,
        f"another {was} would have the names of the first": was is spec.target is not Target.LAMBDA,
        "its door is none that can be led": now is None,
        f"its door is to be {spec.door.kind}": spec.door.kind is not now,
    }
    if why := [said for said, holds in found.items() if holds]:
        raise LadleError(
            "LD283",
            f"{spec.model} cannot move behind its door: {', and '.join(why)}",
            "take back what this commit changed of it: an HTTP API and a REST API can be led from one "
            "home to another, and stay what they are",
        )


def kept_integration(
    scope: Construct, model: str, left: Left, description: str, id_: str | None = None
) -> cdk.CfnResource:
    """The one that predictions went through, as it was; ``id_`` makes another one like it."""
    live = live_of(left.resources)
    if live is None:
        raise ValueError(f"{model} leaves nothing that its door leads through")
    made = _kept(scope, model, left, id_ or live, left.resources[live])
    made.add_property_override("Description", description)
    return made


def kept(scope: Construct, model: str, left: Left, id_: str) -> cdk.CfnResource:
    """What something that is described anew must name."""
    return _kept(scope, model, left, id_, left.resources[id_])


def keep_left(stack: cdk.Stack, spec: ServiceSpec) -> None:
    """Called last: what stays is what nothing else in the stack has the logical id of. Raises LD265."""
    if spec.left is None:
        return
    left, anew = spec.left, described(stack)
    stays = {
        id_: resource
        for id_, resource in left.resources.items()
        if id_ not in anew and resource["Type"] != _THE_CDKS_OWN
    }
    _refuse_changed(spec.model, left, anew, stays)
    scope = Construct(stack, f"Left{left.home.base}")
    kept = {id_: _kept(scope, spec.model, left, id_, resource) for id_, resource in stays.items()}
    both = {**anew, **kept}
    for id_ in sorted(set(_named_in(left.resources.get(RELEASE, {}))) & {*kept, STAGE}):
        anew[RELEASE].add_resource_dependency(both[id_])  # whose end needs them
    _last_of_all(stack, leads_to(spec.base), both)


def _kept(
    scope: Construct, model: str, left: Left, id_: str, resource: Mapping[str, Any]
) -> cdk.CfnResource:
    alias = f"{names.function(model, left.home.base)}:{names.ALIAS}"
    properties = _steady(resource.get("Properties", {}), arns.function(alias))
    made = cdk.CfnResource(scope, id_, type=resource["Type"], properties=properties)
    made.override_logical_id(id_)
    made.add_deletion_override("Metadata")
    for key, value in resource.items():
        if key not in ("Type", "Properties"):
            made.add_override(key, value)
    return made


def _steady(value: Any, alias: str) -> Any:
    """The alias that the hand-over tells of is soon the new home's: that of the old one is named."""
    if value == {"Fn::GetAtt": [RELEASE, "AliasArn"]}:
        return alias
    if isinstance(value, Mapping):
        return {key: _steady(part, alias) for key, part in value.items()}
    return [_steady(part, alias) for part in value] if isinstance(value, list) else value


def described(stack: cdk.Stack) -> Mapping[str, cdk.CfnResource]:
    """All that it has so far, by logical id."""
    found = (c for c in stack.node.find_all() if isinstance(c, cdk.CfnResource))
    return {str(stack.resolve(resource.logical_id)): resource for resource in found}


def _refuse_changed(
    model: str, left: Left, anew: Mapping[str, cdk.CfnResource], stays: Mapping[str, Any]
) -> None:
    """What stays must find what it needs, as what it was."""
    now = {id_: resource.cfn_resource_type for id_, resource in anew.items()}
    was = {id_: _of_the_cdk(resource["Type"]) for id_, resource in left.resources.items()}
    turned = {id_ for id_, type_ in was.items() if now.get(id_, type_) != type_}
    needed = {name for resource in stays.values() for name in _named_in(resource)}
    lost = needed - now.keys() - stays.keys()
    if faults := sorted(turned | lost):
        raise LadleError(
            "LD265",
            f"{model}: what it moves away from needs {', '.join(faults)}, and this commit makes something "
            "else of it or leaves it out",
            "take that change back until the move is finished: ladle migrate --finish",
        )


def _of_the_cdk(type_: str) -> str:
    return cdk.CfnCustomResource.CFN_RESOURCE_TYPE_NAME if type_.startswith("Custom::") else type_


def _last_of_all(stack: cdk.Stack, id_: str, found: Mapping[str, cdk.CfnResource]) -> None:
    """Once it is there nothing of the deploy can fail any more, so the controller may lead the door on."""
    led = found[id_]
    match led:
        case api.CfnIntegration():
            needs: list[Any] = [led.api_id, led.integration_uri, led.connection_id]
        case rest.CfnDeployment():
            needs = [led.rest_api_id]
        case _:
            raise TypeError(f"{id_} shows how a door leads to a home")
    named = stack.resolve(needs)
    for other in found.keys() - {id_, *_named_in(named)}:
        led.add_resource_dependency(found[other])


def _named_in(value: Any) -> Iterator[str]:
    """Logical ids that must be there before it."""
    if isinstance(value, list):
        for part in value:
            yield from _named_in(part)
    if not isinstance(value, Mapping):
        return
    for key, part in value.items():
        if key == "DependsOn":
            yield from part if isinstance(part, list) else [part]
        elif key == "Ref":
            yield from _of_the_stack(part)
        elif key == "Fn::GetAtt":
            yield part[0] if isinstance(part, list) else part.partition(".")[0]
        elif key == "Fn::Sub":
            text, own = part if isinstance(part, list) else (part, {})
            yield from (n for n in _of_the_stack(*_IN_TEXT.findall(text)) if n not in own)
            yield from _named_in(own)
        else:
            yield from _named_in(part)


def _of_the_stack(*found: str) -> Iterator[str]:
    yield from (name for name in found if "::" not in name)
