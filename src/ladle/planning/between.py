"""Between an HTTP API and an endpoint stands a function: what it is made of, may, takes and costs."""

from __future__ import annotations

from collections.abc import Iterator

from ladle import names
from ladle.catalog import Tracing
from ladle.config.doors import row_of
from ladle.planning.cost import own_calls
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.things import own_log, traces
from ladle.planning.usage import Usage
from ladle.targets.lambda_function import ACCOUNT_CONCURRENCY

PASSES_S = 0.005  # that it works itself on a request: measured, at 0.29 of a processor


def stands(spec: ServiceSpec) -> bool:
    return row_of(spec.door.kind, spec.target).through


def timeout_s(spec: ServiceSpec) -> int:
    """As long as the door waits for the model, and then as long as it takes to say so."""
    return min(spec.compute.timeout_s, row_of(spec.door.kind, spec.target).timeout_s) + names.LATE_S


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    name = names.invoking_function(spec.model)
    yield Resource("AWS::Lambda::Function", name)
    yield Resource("AWS::IAM::Role")
    yield Resource("AWS::Logs::LogGroup", f"/aws/lambda/{name}")
    yield Resource("AWS::Lambda::Permission")


def grants(spec: ServiceSpec, endpoint: Thing) -> Iterator[Grant]:
    yield allow("sagemaker", ["InvokeEndpoint"], endpoint)
    if spec.tracing is Tracing.XRAY:
        yield traces()


def role(spec: ServiceSpec, endpoint: Thing) -> RoleGrants:
    log = own_log(f"/aws/lambda/{names.invoking_function(spec.model)}")
    return RoleGrants("invoking", (*grants(spec, endpoint), log))


def costs(usage: Usage, seconds: float, prices: Prices) -> tuple[str, float]:
    """It waits for the endpoint, and waiting is paid for."""
    usd = own_calls(usage.requests_per_s * seconds, _busy_s(usage), prices)
    return "the function before the endpoint", usd


def limit(spec: ServiceSpec, usage: Usage) -> Limit:
    busy = min(usage.peak_per_s, spec.door.rate_per_s) * _busy_s(usage)
    fix = "ask AWS for more, or answer faster"
    return Limit("concurrency before it", busy, ACCOUNT_CONCURRENCY, "instances", fix)


def _busy_s(usage: Usage) -> float:
    return usage.answer_ms / 1000 + PASSES_S
