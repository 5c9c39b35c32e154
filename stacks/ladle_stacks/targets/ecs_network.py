"""Where tasks run: a network that the team named, or a small one of the model's own without the internet.

Nobody reaches a task but the load balancer, and nobody reaches that but the door's link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.ecs import ZONES, endpoints
from ladle_stacks import arns

PORT = 8080  # of the server in its container
LISTENS_ON = 80
HTTPS = 443
CIDR, SUBNET_BITS = "10.0.0.0/24", 7
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Place:
    """``tasks`` are the security groups of a task, ``machines`` that of a machine with a GPU."""

    vpc: str
    subnets: Sequence[str]
    link: str
    balancer: str
    tasks: Sequence[str]
    machines: str | None


def place(scope: Construct, spec: ServiceSpec) -> Place:
    named = spec.network
    vpc = str(named["vpc"]) if named else _own_vpc(scope, spec).ref
    own = _group(scope, "Tasks", vpc, f"tasks of {spec.model}", HTTPS)
    balancer = _group(scope, "Balancer", vpc, f"the load balancer of {spec.model}", PORT, own)
    link = _group(scope, "Link", vpc, f"the door of {spec.model}", LISTENS_ON, balancer)
    _lets_in(scope, "Balancer", balancer, LISTENS_ON, link)
    _lets_in(scope, "Tasks", own, PORT, balancer)
    machines = (
        _group(scope, "Machines", vpc, f"machines of {spec.model}", HTTPS)
        if spec.compute.gpu
        else None
    )
    callers = {"Tasks": own} | ({"Machines": machines} if machines else {})
    subnets = tuple(named["subnets"]) if named else _own_subnets(scope, spec, vpc, callers)
    groups = (own, *named["security_groups"]) if named else (own,)
    return Place(vpc, subnets, link, balancer, groups, machines)


def _own_vpc(scope: Construct, spec: ServiceSpec) -> ec2.CfnVPC:
    return ec2.CfnVPC(
        scope,
        "Network",
        cidr_block=CIDR,
        enable_dns_hostnames=True,
        enable_dns_support=True,
        tags=[cdk.CfnTag(key="Name", value=names.cluster(spec.model))],
    )


def _own_subnets(
    scope: Construct, spec: ServiceSpec, vpc: str, callers: dict[str, str]
) -> tuple[str, ...]:
    """No way out of them but to the services of AWS that tasks need."""
    table = ec2.CfnRouteTable(scope, "Routes", vpc_id=vpc)
    blocks = cdk.Fn.cidr(CIDR, ZONES, str(SUBNET_BITS))
    subnets = []
    for number in range(ZONES):
        subnet = ec2.CfnSubnet(
            scope,
            f"Subnet{number}",
            vpc_id=vpc,
            availability_zone=cdk.Fn.select(number, cdk.Fn.get_azs()),
            cidr_block=cdk.Fn.select(number, blocks),
            map_public_ip_on_launch=False,
        )
        ec2.CfnSubnetRouteTableAssociation(
            scope, f"Subnet{number}Routes", route_table_id=table.ref, subnet_id=subnet.ref
        )
        subnets.append(subnet.ref)
    _endpoints(scope, spec, vpc, tuple(subnets), table, callers)
    return tuple(subnets)


def _endpoints(
    scope: Construct,
    spec: ServiceSpec,
    vpc: str,
    subnets: Sequence[str],
    table: ec2.CfnRouteTable,
    callers: dict[str, str],
) -> None:
    """The gateway to S3 (models, and layers of images) costs nothing; each other one does by the hour."""
    group = _group(scope, "Endpoints", vpc, f"endpoints of {spec.model}", HTTPS, callers["Tasks"])
    for caller, its_group in callers.items():
        _lets_in(scope, f"EndpointsBy{caller}", group, HTTPS, its_group)
    ec2.CfnVPCEndpoint(
        scope,
        "EndpointS3",
        vpc_id=vpc,
        service_name=_service("s3"),
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.ref],
    )
    for service in endpoints(spec):
        ec2.CfnVPCEndpoint(
            scope,
            f"Endpoint{''.join(part.title() for part in service.replace('-', '.').split('.'))}",
            vpc_id=vpc,
            service_name=_service(service),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=list(subnets),
            security_group_ids=[group],
        )


def _service(name: str) -> str:
    return arns.filled(f"com.amazonaws.${{AWS::Region}}.{name}")


def _group(
    scope: Construct, id_: str, vpc: str, whose: str, port: int, to: str | None = None
) -> str:
    """It lets nobody in; out it goes by one port, to one other group where that is named."""
    way_out = ec2.CfnSecurityGroup.EgressProperty(
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description="the only way out",
        destination_security_group_id=to,
        cidr_ip=None if to else ANYWHERE,
    )
    group = ec2.CfnSecurityGroup(
        scope,
        f"{id_}Group",
        vpc_id=vpc,
        group_description=f"Ladle: {whose}",
        security_group_egress=[way_out],
    )
    return group.attr_group_id


def _lets_in(scope: Construct, id_: str, group: str, port: int, source: str) -> None:
    ec2.CfnSecurityGroupIngress(
        scope,
        f"{id_}Ingress",
        group_id=group,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        source_security_group_id=source,
        description="the only way in",
    )
