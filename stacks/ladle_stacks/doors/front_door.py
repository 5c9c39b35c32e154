"""A model's front door, of the kind that its spec names: predictions go in, labels go to the intake.

It stands behind ``after``, since what it leads to does not exist before.
"""

from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from constructs import Construct

from ladle import names
from ladle.catalog import DoorKind
from ladle.planning.service_spec import ServiceSpec
from ladle_stacks import arns
from ladle_stacks.doors import function_url, http_api, rest_api
from ladle_stacks.doors.behind import Behind, ToFunction
from ladle_stacks.doors.opened import Opened

OPENERS: dict[DoorKind, Callable[[Construct, ServiceSpec, Behind, ToFunction], Opened]] = {
    DoorKind.HTTP_API: http_api.opened,
    DoorKind.REST_API: rest_api.opened,
    DoorKind.FUNCTION_URL: function_url.opened,
}


def front_door(
    scope: Construct, spec: ServiceSpec, behind: Behind, after: cdk.CfnResource
) -> Opened:
    intake = ToFunction(arns.function(names.INTAKE_FUNCTION))
    door = OPENERS[spec.door.kind](scope, spec, behind, intake)
    for first in door.waiting:
        first.add_resource_dependency(after)
    said = f"Where {spec.model} answers"
    cdk.CfnOutput(scope, "Url", value=door.url, description=said)
    if door.labels_url is not None:
        said = f"Where labels of {spec.model} go"
        cdk.CfnOutput(scope, "LabelsUrl", value=door.labels_url, description=said)
    if spec.door.domain is not None and door.stage is not None:
        _domain(scope, spec, spec.door.domain, door.stage)
    return door


def _domain(scope: Construct, spec: ServiceSpec, name: str, stage: cdk.CfnResource) -> None:
    """Whoever owns the name points it at ``DomainTarget``; the door answers under both addresses."""
    domain = api.CfnDomainName(
        scope,
        "Domain",
        domain_name=name,
        domain_name_configurations=[
            api.CfnDomainName.DomainNameConfigurationProperty(
                certificate_arn=spec.door.certificate,
                endpoint_type="REGIONAL",
                security_policy="TLS_1_2",
            )
        ],
    )
    api.CfnApiMapping(
        scope,
        "DomainMapping",
        domain_name=domain.ref,
        api_id=cdk.Fn.ref("Door"),
        stage=stage.ref,
    )
    said = f"What the DNS record of {name} points at"
    cdk.CfnOutput(scope, "DomainTarget", value=domain.attr_regional_domain_name, description=said)
