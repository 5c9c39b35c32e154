"""A function's releases are its published versions, and its traffic is what its alias says."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle import names
from ladle.catalog import DoorKind, Tracing
from ladle.config.doors import row_of
from ladle.planning import arns
from ladle.planning.door_resources import door_resources
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.spans import span_grants
from ladle.planning.things import own_folder, traces
from ladle.planning.usage import Usage
from ladle.targets import lambda_function as rules

WAY_BACK = "one write of the alias: seconds, no build"
SHARED = "function, roles, log and stack are its own; the account's concurrency is not"
PAYLOAD_MB = rules.PAYLOAD_MB
PRINTS_ITSELF = True
LEAST_BILLED_MS = 1.0
# An instance without requests for ten minutes is gone, and one start in a thousand is cold anyway.
IDLE_INSTANCE_S, LEAST_COLD_SHARE = 600.0, 0.001


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::Lambda::Function", names.function(spec.model, spec.base))
    yield Resource("AWS::IAM::Role")
    yield Resource("AWS::Logs::LogGroup", names.log_group(spec.model))
    yield Resource("AWS::Logs::SubscriptionFilter")
    yield from door_resources(spec)
    if spec.door.kind is not DoorKind.FUNCTION_URL:
        yield Resource("AWS::Lambda::Permission")


def log_group(spec: ServiceSpec) -> str:
    return names.log_group(spec.model)


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """It reads its own releases' models, unless its image has them, and nothing else of the store."""
    if not spec.is_in_image:
        yield allow("s3", ["GetObjectVersion"], own_folder(spec.model))
    yield from network_interfaces(spec)
    if spec.tracing is Tracing.XRAY:
        yield traces()
    yield from span_grants(spec)


def network_interfaces(spec: ServiceSpec) -> Iterator[Grant]:
    """What Lambda does with a function's role to put it into a network, where it has one."""
    if not spec.network:
        return
    interfaces = Thing(arns.ec2("network-interface/*"), "network interfaces")
    called = f"network interfaces in {spec.network['vpc']}"
    subnets = (f"subnet/{id_}" for id_ in spec.network["subnets"])
    groups = (f"security-group/{id_}" for id_ in spec.network["security_groups"])
    parts = ("network-interface/*", *subnets, *groups)
    makes = (Thing(arns.ec2(part), called) for part in parts)
    yield allow("ec2", ["CreateNetworkInterface"], *makes)
    yield allow(
        "ec2",
        ["AssignPrivateIpAddresses", "DeleteNetworkInterface", "UnassignPrivateIpAddresses"],
        interfaces,
    )
    looked_at = Thing("*", "network interfaces and subnets")  # looking knows no ARN
    yield allow("ec2", ["DescribeNetworkInterfaces", "DescribeSubnets"], looked_at)


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    function, versions = _function_and_versions(spec)
    version = Thing(versions.arn, f"versions of {function.called}")
    look = ["GetAlias", "GetFunctionConfiguration", "ListVersionsByFunction"]
    yield allow("lambda", [*look, "CreateAlias", "PublishVersion"], function, versions)
    yield allow("lambda", ["DeleteFunction"], version)  # qualified: a version
    yield _warming(version)


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    function, versions = _function_and_versions(spec)
    yield allow("lambda", ["GetAlias", "UpdateAlias"], function, versions)
    yield allow("lambda", ["InvokeFunction"], function, versions)
    yield allow("lambda", ["ListVersionsByFunction"], function)
    if spec.policy.stop is not None:
        verbs = ("Delete", "Get", "Put")
        yield allow("lambda", [f"{verb}FunctionConcurrency" for verb in verbs], function)
    yield _warming(Thing(versions.arn, f"versions of {function.called}"))


def _warming(versions: Thing) -> Grant:
    """How many instances wait; that they follow the traffic is the router's part."""
    config = "ProvisionedConcurrencyConfig"
    return allow("lambda", [f"{verb}{config}" for verb in ("Delete", "Get", "Put")], versions)


def other_roles(_spec: ServiceSpec) -> Iterator[RoleGrants]:
    yield from ()


def _function_and_versions(spec: ServiceSpec) -> tuple[Thing, Thing]:
    name = names.function(spec.model, spec.base)
    return (
        Thing(arns.function(name), name),
        Thing(arns.function(f"{name}:*"), "its versions"),
    )


def serving_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    requests, gb = usage.requests_per_s * seconds, spec.compute.memory_mb / 1024
    gb_second = f"lambda_gb_second_{spec.arch}"
    billed_ms = max(LEAST_BILLED_MS, usage.answer_ms)
    meets_none = LEAST_COLD_SHARE if spec.compute.warm else cold_share(usage.requests_per_s)
    cold_s = requests * meets_none * rules.COLD_START_MS / 1000
    if spec.compute.snap_start:
        restored = requests * cold_share(usage.requests_per_s) * gb
        yield "instances from a snapshot", prices.of("lambda_snapshot_restored_gb", restored)
        kept = rules.SNAPSHOTS * gb * seconds
        yield "the snapshots", prices.of("lambda_snapshot_gb_second", kept)
        cold_s = 0.0
    yield "calls of the function", prices.of("lambda_request", requests)
    yield "answers", prices.of(gb_second, requests * gb * billed_ms / 1000)
    yield "cold starts", prices.of(gb_second, cold_s * gb)
    if spec.compute.warm:
        kept = spec.compute.warm * (1 + rules.TRIAL_SHARE) * gb * seconds
        yield "instances kept warm", prices.of(f"lambda_warm_gb_second_{spec.arch}", kept)


def cold_share(requests_per_s: float) -> float:
    """Of requests that meet no warm instance, when they come at random."""
    return max(LEAST_COLD_SHARE, math.exp(-requests_per_s * IDLE_INSTANCE_S))


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    return _instances(spec) / max(LEAST_BILLED_MS, answer_ms) * 1000


def limits(spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
    size, row = spec.source.bytes, row_of(spec.door.kind, spec.target)
    peak_per_s = min(usage.peak_per_s, spec.door.rate_per_s) if row.throttles else usage.peak_per_s
    busy = peak_per_s * usage.answer_ms / 1000
    more = "raise compute.reserved" if spec.compute.reserved else "ask AWS for more"
    most, fix = rules.STORE_MODEL_BYTES, "quantise it, or write model_in: image"
    if spec.is_in_image:
        most, fix = rules.IMAGE_MODEL_BYTES, "quantise it"
    yield Limit(
        "memory", spec.size.peak_mb, spec.compute.memory_mb, "MB", "raise compute.memory_mb"
    )
    yield Limit("model size", size / 1e6, most / 1e6, "MB", fix)
    yield Limit("concurrency", busy, _instances(spec), "instances", f"{more}, or answer faster")


def _instances(spec: ServiceSpec) -> int:
    return spec.compute.reserved or rules.ACCOUNT_CONCURRENCY
