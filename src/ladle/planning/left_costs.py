"""What a model moves away from costs on until the move is finished, as well as its old stack tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ladle.catalog import Arch, Target
from ladle.planning.moving import stays
from ladle.planning.prices import Prices
from ladle.planning.service_spec import ServiceSpec
from ladle.targets import sagemaker
from ladle.targets.ecs import MACHINE_METRICS

MONTH_S = 730 * 3600.0
HOURLY = 3600 / MONTH_S  # of what is paid by the month
_OF_ECS = {"ARM64": Arch.ARM64, "X86_64": Arch.X86_64}
Priced = tuple[str, str, float]  # what it is called, its price, and how much of it in an hour
Resources = Mapping[str, Any]


def left_costs(spec: ServiceSpec, seconds: float, prices: Prices) -> Iterator[tuple[str, float]]:
    """Only what runs without being asked: a request is answered, and paid for, in one of both homes. While
    the old one serves, more may run there than the least.
    """
    if spec.left is None:
        return
    running = _instances(spec.left.home.target, spec.left.resources)
    for what, price, hourly in (*_standing(stays(spec)), *running):
        known = price in prices.usd
        usd = prices.of(price, hourly * seconds / 3600) if known else 0.0
        unknown = "" if known else ", whose price is not known here"
        yield f"{what}{unknown}: left, until ladle migrate {spec.model} --finish", usd


def _standing(resources: Resources) -> Iterator[Priced]:
    balancers = _of(resources, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    yield from (("the load balancer", "balancer_hour", 1.0) for _ in balancers)
    yield from (
        ("the key of its disks", "key_month", HOURLY) for _ in _of(resources, "AWS::KMS::Key")
    )
    alarms = _of(resources, "AWS::CloudWatch::Alarm")
    metrics = sum(max(1, len(a.get("Metrics", ())) - 1) for a in alarms)
    if metrics:
        yield "alarms", "alarm_month", metrics * HOURLY
    zones = [len(e.get("SubnetIds", ())) for e in _of(resources, "AWS::EC2::VPCEndpoint")]
    if sum(zones):
        yield "endpoints of its network", "endpoint_hour", sum(zones)


def _of_functions(resources: Resources, serving: Mapping[str, Any]) -> Iterator[Priced]:
    if warm := int(serving.get("Warm", 0)):
        [function] = (f for f in _of(resources, "AWS::Lambda::Function") if _serves(f))
        gb, arch = function["MemorySize"] / 1024, function["Architectures"][0]
        yield f"{warm} warm instances", f"lambda_warm_gb_second_{arch}", warm * gb * 3600


def _of_tasks(resources: Resources, serving: Mapping[str, Any]) -> Iterator[Priced]:
    task, least = _read(serving["TaskDefinition"]), _read(serving["Service"])["min"]
    machines = [m["LaunchTemplateData"] for m in _of(resources, "AWS::EC2::LaunchTemplate")]
    for data in machines:
        name, disks = data["InstanceType"], data.get("BlockDeviceMappings", ())
        disk_gb = sum(disk["Ebs"]["VolumeSize"] for disk in disks)
        yield f"{least} {name} machines", f"machine_hour_{name}", least
        yield "their disks", "machine_disk_gb_month", least * disk_gb * HOURLY
        yield "their metrics", "metric_month", least * MACHINE_METRICS * HOURLY
    if not machines:
        arch = _OF_ECS[task["runtimePlatform"]["cpuArchitecture"]]
        vcpus, gb = int(task["cpu"]) / 1024, int(task["memory"]) / 1024
        yield f"vCPUs of tasks, at least {least}", f"fargate_vcpu_hour_{arch}", least * vcpus
        yield f"memory of tasks, at least {least}", f"fargate_gb_hour_{arch}", least * gb


def _of_machines(_resources: Resources, serving: Mapping[str, Any]) -> Iterator[Priced]:
    name, least = _read(serving["Variant"])["InstanceType"], int(serving["MinInstances"])
    known = sagemaker.machines().get(name)
    yield f"machines of type {name}, at least {least}", f"machine_hour_{name}", least
    if known is not None and known.disk_gb:
        yield "their disks", "endpoint_disk_gb_month", least * known.disk_gb * HOURLY


# Of a serverless endpoint only answers are paid for.
_RUNNING: Mapping[Target, Callable[[Resources, Mapping[str, Any]], Iterator[Priced]]] = {
    Target.LAMBDA: _of_functions,
    Target.ECS: _of_tasks,
    Target.SAGEMAKER: _of_machines,
}


def _instances(target: Target, resources: Resources) -> Iterator[Priced]:
    """The least that the last release before the move was handed over with."""
    release = next(iter(_of(resources, "Custom::LadleRelease")), {})
    if target in _RUNNING:
        yield from _RUNNING[target](resources, release.get("Serving", {}))


def _of(resources: Resources, type_: str) -> list[Mapping[str, Any]]:
    return [r.get("Properties", {}) for r in resources.values() if r["Type"] == type_]


def _serves(function: Mapping[str, Any]) -> bool:
    """Of the functions of a model's stack only what serves has a platform of its own."""
    return "Architectures" in function


def _read(value: Any) -> Any:
    """JSON in which CloudFormation fills in what it made: that is not asked for here."""
    parts = value["Fn::Join"][1] if isinstance(value, Mapping) else [value]
    return json.loads("".join(part if isinstance(part, str) else "" for part in parts))
