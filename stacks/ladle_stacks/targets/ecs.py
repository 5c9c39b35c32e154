"""A model on ECS: a load balancer with a slot for each of three releases, two of which may have traffic.

The services themselves, their tasks and the rule before them are in no template: the hand-off makes
them, the controller moves them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_elasticloadbalancingv2 as elb
from constructs import Construct

from ladle import names
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.ecs import BUSY, fleet
from ladle.planning.targets.ecs_grants import balancer_id
from ladle.planning.usage import warm_ms
from ladle_stacks.doors.behind import ToListener
from ladle_stacks.doors.front_door import front_door
from ladle_stacks.home import home_of, log_of
from ladle_stacks.host import Host
from ladle_stacks.release_handoff import bundle_and_handoff, release
from ladle_stacks.targets.ecs_alarms import slot_alarms
from ladle_stacks.targets.ecs_capacity import Strategy, capacity
from ladle_stacks.targets.ecs_network import LISTENS_ON, PORT, Place, place
from ladle_stacks.targets.ecs_task import task_definition

GRACE_S = 300  # from a task's start until its answers to /ping count
CHECK_S, CHECK_TIMEOUT_S = 10, 5


def serve(scope: Construct, host: Host, spec: ServiceSpec) -> cdk.CfnResource:
    """Everything between the model's file and its address; returns the hand-over."""
    _, lines = log_of(scope, spec)
    handing = bundle_and_handoff(scope, host, spec)
    home = home_of(scope, spec)
    where = place(home, spec)
    cluster, strategy = capacity(home, spec, where)
    listener, slots = _balancer(home, spec, where)
    task = task_definition(home, host, spec, handing.bundle)
    to_json = cdk.Stack.of(scope).to_json_string
    serving = {
        "TaskDefinition": to_json(task),
        "Service": to_json(_service(spec, where, strategy, listener.ref, slots)),
    }
    released = release(scope, handing, cluster, spec, serving)
    released.add_resource_dependency(lines)
    link = api.CfnVpcLink(
        home,
        "DoorLink",
        name=names.function(spec.model),
        subnet_ids=list(where.subnets),
        security_group_ids=[where.link],
    )
    front_door(scope, spec, ToListener(listener.ref, link.ref), released)
    return released


def _balancer(
    scope: Construct, spec: ServiceSpec, where: Place
) -> tuple[elb.CfnListener, Mapping[str, str]]:
    """A slot must outlive the listener, whose rule leads to it: the stack's end would stick otherwise."""
    attribute = elb.CfnLoadBalancer.LoadBalancerAttributeProperty
    balancer = elb.CfnLoadBalancer(
        scope,
        "Balancer",
        scheme="internal",
        type="application",
        subnets=list(where.subnets),
        security_groups=[where.balancer],
        load_balancer_attributes=[
            attribute(key="routing.http.drop_invalid_header_fields.enabled", value="true"),
            attribute(key="idle_timeout.timeout_seconds", value=str(spec.compute.timeout_s + 5)),
        ],
    )
    balancer.override_logical_id(balancer_id(spec))
    nobody = elb.CfnListener.FixedResponseConfigProperty(
        status_code="503", content_type="text/plain", message_body="no release serves yet"
    )
    listener = elb.CfnListener(
        scope,
        "Listener",
        load_balancer_arn=balancer.ref,
        port=LISTENS_ON,
        protocol="HTTP",
        default_actions=[
            elb.CfnListener.ActionProperty(type="fixed-response", fixed_response_config=nobody)
        ],
    )
    slots = {name: _slot(scope, spec, where, name) for name in names.SLOTS}
    for slot in slots.values():
        listener.add_resource_dependency(slot)
    slot_alarms(scope, spec, balancer, slots)
    return listener, {name: slot.ref for name, slot in slots.items()}


def _slot(scope: Construct, spec: ServiceSpec, where: Place, name: str) -> elb.CfnTargetGroup:
    """A task that leaves answers what it has begun: no request takes longer than ``timeout_s``."""
    attribute = elb.CfnTargetGroup.TargetGroupAttributeProperty
    return elb.CfnTargetGroup(
        scope,
        f"Slot{name.upper()}",
        vpc_id=where.vpc,
        target_type="ip",
        protocol="HTTP",
        port=PORT,
        health_check_path="/ping",
        health_check_interval_seconds=CHECK_S,
        health_check_timeout_seconds=CHECK_TIMEOUT_S,
        healthy_threshold_count=2,
        unhealthy_threshold_count=3,
        target_group_attributes=[
            attribute(
                key="deregistration_delay.timeout_seconds", value=str(spec.compute.timeout_s)
            ),
            attribute(key="load_balancing.algorithm.type", value="least_outstanding_requests"),
        ],
    )


def _service(
    spec: ServiceSpec, where: Place, strategy: Strategy, listener: str, slots: Mapping[str, str]
) -> Mapping[str, Any]:
    """What the hand-off makes the services of; docs/formats.md says what is in it."""
    sizes = fleet(spec)
    by_requests = round(60_000 * BUSY / warm_ms(spec)) if spec.compute.gpu else None
    return {
        "listener": listener,
        "target_groups": dict(slots),
        "subnets": list(where.subnets),
        "security_groups": list(where.tasks),
        "capacity": list(strategy),
        "port": PORT,
        "min": sizes.least,
        "max": sizes.most,
        "grace_s": GRACE_S,
        "requests_a_minute": by_requests,
    }
