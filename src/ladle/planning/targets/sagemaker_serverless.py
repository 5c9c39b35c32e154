"""A model's releases are serverless endpoints, and its traffic is what the stage of its door says."""

from __future__ import annotations

from collections.abc import Iterator

from ladle import names
from ladle.planning.carried import through_an_endpoint
from ladle.planning.door_resources import door_resources
from ladle.planning.grant import Grant, RoleGrants, allow
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.spans import span_grants
from ladle.planning.targets.lambda_function import cold_share
from ladle.planning.targets.staged_grants import (
    door_role,
    publishing_grants,
    pulling_the_image,
    routing_grants,
)
from ladle.planning.things import own_folder
from ladle.planning.usage import Usage
from ladle.targets import sagemaker_serverless as rules

__all__ = ["publishing_grants", "routing_grants"]
WAY_BACK = (
    "one write of the door's stage while the old endpoint is still there (through canary and "
    "holdback): seconds; later its endpoint is made anew: about three minutes"
)
SHARED = "endpoints, door, roles, logs and stack are its own; the account's concurrency is not"
PAYLOAD_MB = rules.PAYLOAD_MB
PRINTS_ITSELF = True
LEAST_BILLED_MS = 1.0
NEW_ACCOUNT = 10  # all serverless endpoints together, before AWS is asked for more


def memory_mb(spec: ServiceSpec) -> int:
    return rules.memory_mb(spec.compute.memory_mb)


def concurrency(spec: ServiceSpec) -> int:
    return rules.concurrency(spec.compute.max_instances)


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::IAM::Role", names.serving_role(spec.model, spec.base))
    yield Resource("AWS::IAM::Role", names.door_role(spec.model, spec.base))
    yield from door_resources(spec)


def log_group(spec: ServiceSpec) -> str:
    """One for each release; SageMaker names them."""
    return f"{names.release_log_groups(spec.model)}*"


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """Its container has a network, and reads its own releases' models from the store."""
    yield allow("s3", ["GetObjectVersion"], own_folder(spec.model))
    yield from pulling_the_image()
    yield from span_grants(spec)


def other_roles(spec: ServiceSpec) -> Iterator[RoleGrants]:
    yield door_role(spec.model)


def serving_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    requests, gb = usage.requests_per_s * seconds, memory_mb(spec) / 1024
    billed_ms = max(LEAST_BILLED_MS, usage.answer_ms)
    cold_s = requests * cold_share(usage.requests_per_s) * rules.COLD_START_MS / 1000
    paid = "serverless_gb_second"
    yield "answers", prices.of(paid, requests * gb * billed_ms / 1000)
    yield "cold starts", prices.of(paid, cold_s * gb)
    yield through_an_endpoint(spec, requests, prices)


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    return concurrency(spec) * 1000 / max(LEAST_BILLED_MS, answer_ms)


def limits(spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
    size = spec.source.bytes
    busy = min(usage.peak_per_s, spec.door.rate_per_s) * usage.answer_ms / 1000
    more = "raise compute.max_instances, or answer faster"
    ask = "lower compute.max_instances, or ask AWS for more"
    tried = 2 * concurrency(spec)
    yield Limit("memory", spec.size.peak_mb, memory_mb(spec), "MB", "raise compute.memory_mb")
    yield Limit("model size", size / 1e6, rules.DISK_MB, "MB", "write target: sagemaker")
    yield Limit("concurrency", busy, concurrency(spec), "requests at once", more)
    yield Limit("a new account's concurrency, with two releases", tried, NEW_ACCOUNT, "", ask)
