"""A model's releases are task definitions, and its traffic is what one rule of its load balancer says."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle import names
from ladle.planning.carried import carried_gb
from ladle.planning.cost import TRIAL_SHARE
from ladle.planning.door_resources import door_resources
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.ecs_grants import (
    other_roles,
    publishing_grants,
    routing_grants,
    serving_grants,
)
from ladle.planning.usage import Usage
from ladle.secret_reference import SecretReference
from ladle.targets import ecs as rules
from ladle.targets.ecs import Fleet, fleet_of

__all__ = ["other_roles", "publishing_grants", "routing_grants", "serving_grants"]
WAY_BACK = (
    "one write of the listener's rule while the old tasks still run (through canary and holdback): "
    "seconds; later they are started again: about two minutes on Fargate, six on a machine with a GPU"
)
SHARED = "cluster, services, load balancer, roles, log and stack are its own; the account's vCPUs are not"
PAYLOAD_MB = rules.PAYLOAD_MB
PRINTS_ITSELF = False  # the execution role does: lines leave by the log driver
MONTH_S = 730 * 3600.0
BUSY = 0.6  # of a task's time, beyond which answers wait for each other
ZONES = 2
SCALED_BY = 2  # alarms, by which AWS follows what a service or a fleet of machines has to do
NETWORK_ADDRESSES = 123  # of each subnet of a network of our own


def fleet(spec: ServiceSpec) -> Fleet:
    compute = spec.compute
    return fleet_of(compute.min_instances, compute.max_instances)


def endpoints(spec: ServiceSpec) -> tuple[str, ...]:
    """AWS's services that tasks reach without the internet, each by an address in the network."""
    agent = ("ecs", "ecs-agent", "ecs-telemetry") if spec.compute.gpu else ()
    read = (SecretReference.parse(written) for written in spec.secrets.values())
    secrets = sorted({str(secret.service) for secret in read if secret is not None})
    return ("ecr.api", "ecr.dkr", "logs", *agent, *secrets)


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    model = spec.model
    if not spec.network:
        yield from _own_network(spec)
    yield from _groups(spec)
    yield Resource("AWS::ElasticLoadBalancingV2::LoadBalancer")
    yield Resource("AWS::ElasticLoadBalancingV2::Listener")
    for slot in names.SLOTS:
        yield Resource("AWS::ElasticLoadBalancingV2::TargetGroup")
        yield Resource("AWS::CloudWatch::Alarm", names.slot_alarm(model, slot))
    yield Resource("AWS::ApiGatewayV2::VpcLink", names.function(model))
    yield Resource("AWS::ECS::Cluster", names.cluster(model))
    yield Resource("AWS::ECS::ClusterCapacityProviderAssociations")
    if spec.compute.gpu:
        yield from _machines(spec)
    yield Resource("AWS::IAM::Role", names.serving_role(model, spec.base))
    yield Resource("AWS::IAM::Role", names.execution_role(model))
    yield Resource("AWS::Logs::LogGroup", names.log_group(model))
    yield Resource("AWS::Logs::SubscriptionFilter")
    yield from door_resources(spec)


def _own_network(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::EC2::VPC")
    for _ in range(ZONES):
        yield Resource("AWS::EC2::Subnet")
        yield Resource("AWS::EC2::SubnetRouteTableAssociation")
    yield Resource("AWS::EC2::RouteTable")
    yield from (Resource("AWS::EC2::VPCEndpoint") for _ in ("s3", *endpoints(spec)))
    yield Resource("AWS::EC2::SecurityGroup")
    callers = ("tasks", "machines") if spec.compute.gpu else ("tasks",)
    yield from (Resource("AWS::EC2::SecurityGroupIngress") for _ in callers)


def _groups(spec: ServiceSpec) -> Iterator[Resource]:
    machines = ("machines",) if spec.compute.gpu else ()
    yield from (
        Resource("AWS::EC2::SecurityGroup") for _ in ("link", "balancer", "tasks", *machines)
    )
    yield from (Resource("AWS::EC2::SecurityGroupIngress") for _ in ("balancer", "tasks"))


def _machines(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::EC2::LaunchTemplate")
    yield Resource("AWS::AutoScaling::AutoScalingGroup")
    yield Resource("AWS::ECS::CapacityProvider")
    yield Resource("AWS::IAM::InstanceProfile")
    yield Resource("AWS::IAM::Role", names.machine_role(spec.model))


def log_group(spec: ServiceSpec) -> str:
    return names.log_group(spec.model)


def tasks(spec: ServiceSpec, usage: Usage) -> int:
    """As many as the average load keeps busy, within what the config allows."""
    needed = math.ceil(usage.requests_per_s * usage.answer_ms / 1000 / BUSY / _threads(spec))
    sizes = fleet(spec)
    return min(max(needed, sizes.least), sizes.most)


def serving_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    hours, running = seconds / 3600, tasks(spec, usage)
    for what, usd in _task_costs(spec, running * hours, prices):
        yield what, usd
        yield f"{what}: another release's beside them, through trials", usd * TRIAL_SHARE
    yield "the load balancer", prices.of("balancer_hour", hours)
    units = max(hours, carried_gb(spec, usage.requests_per_s * seconds))  # each takes a GB an hour
    yield "its capacity units", prices.of("balancer_unit_hour", units)
    metrics = 2 * len(names.SLOTS)  # an alarm on a share costs by the metrics that it is made of
    yield "alarms of the slots", prices.of("alarm_month", metrics * seconds / MONTH_S)
    followed = SCALED_BY * (len(names.SLOTS) + bool(spec.compute.gpu))
    yield "alarms by which it scales", prices.of("alarm_month", followed * seconds / MONTH_S)
    if not spec.network:
        found = len(endpoints(spec))
        hourly = prices.of("endpoint_hour", found * ZONES * hours)
        yield f"{found} endpoints in {ZONES} zones, for a network without NAT", hourly


def _task_costs(spec: ServiceSpec, hours: float, prices: Prices) -> Iterator[tuple[str, float]]:
    how = " at their price on demand, which spare ones are below" if spec.compute.spot else ""
    if spec.compute.gpu:
        machine = rules.machine_for(spec.compute.gpu, spec.compute.instance_type)
        yield f"{machine} machines{how}", prices.of(f"machine_hour_{machine}", hours)
        yield "their disks", prices.of("machine_disk_gb_month", rules.DISK_GB * hours / 730)
        yield "their metrics", prices.of("metric_month", rules.MACHINE_METRICS * hours / 730)
        return
    size = rules.fargate_size(spec.compute.memory_mb) or rules.TaskSize(0, 0)
    vcpus = prices.of(f"fargate_vcpu_hour_{spec.arch}", hours * size.cpu_units / 1024)
    yield f"vCPUs of tasks{how}", vcpus
    yield (
        f"memory of tasks{how}",
        prices.of(f"fargate_gb_hour_{spec.arch}", hours * size.memory_mb / 1024),
    )


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    return fleet(spec).most * _threads(spec) / max(1.0, answer_ms) * 1000


def limits(spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
    most = fleet(spec).most
    busy = usage.peak_per_s * usage.answer_ms / 1000 / BUSY / _threads(spec)
    yield Limit("memory", spec.size.peak_mb, _memory_mb(spec), "MB", "raise compute.memory_mb")
    yield Limit("tasks", busy, most, "tasks", "raise compute.max_instances, or answer faster")
    if not spec.network:
        addresses = most * 2 + len(endpoints(spec)) * ZONES  # both arms of a trial run side by side
        ceiling = NETWORK_ADDRESSES * ZONES
        yield Limit("addresses", addresses, ceiling, "addresses", "name a network of your own")


def _memory_mb(spec: ServiceSpec) -> int:
    if spec.compute.gpu:
        return spec.compute.memory_mb
    size = rules.fargate_size(spec.compute.memory_mb)
    return size.memory_mb if size else spec.compute.memory_mb


def _threads(spec: ServiceSpec) -> int:
    return max(1, spec.compute.memory_mb // rules.MB_PER_VCPU)
