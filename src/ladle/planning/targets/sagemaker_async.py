"""A model's releases are asynchronous endpoints, and its traffic is what the stage of its door says."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle import names
from ladle.planning import arns
from ladle.planning.carried import through_an_endpoint
from ladle.planning.cost import TRIAL_SHARE, own_calls
from ladle.planning.door_resources import door_resources
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import sagemaker, staged_grants
from ladle.planning.targets.staged_grants import publishing_of_queues, routing_of_queues
from ladle.planning.things import own_log
from ladle.planning.usage import Usage
from ladle.targets import sagemaker_async as rules
from ladle.targets.machines import RESERVE_MB
from ladle.targets.sagemaker import machines

WAY_BACK = (
    "one write of the door's stage while the old endpoint is still there (through canary and "
    "holdback): seconds for whatever is asked from then on, and what a candidate has in its queue it "
    "still answers; later its endpoint is made anew: about ten minutes"
)
SHARED = "endpoints, door, key, roles, logs and stack are its own; the account's machines are not"
PAYLOAD_MB = rules.PAYLOAD_MB
PRINTS_ITSELF = True
BUSY = 0.6
LOOKS = 5  # at the door for each answer
PUTS, GETS = 4, 2 * LOOKS  # of objects, for each request
ALARMS = 3  # of each endpoint: one that wakes, two by which AWS follows the backlog
ASKED_S = 0.1  # the function that takes a request or a look


def least_instances(spec: ServiceSpec) -> int:
    """It may have none."""
    return spec.compute.min_instances


def most_instances(spec: ServiceSpec) -> int:
    return max(1, least_instances(spec), spec.compute.max_instances or 1)


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    asks = names.asking_function(spec.model)
    yield Resource("AWS::KMS::Key")
    yield Resource("AWS::IAM::Role", names.serving_role(spec.model, spec.base))
    yield Resource("AWS::Lambda::Function", asks)
    yield Resource("AWS::IAM::Role")
    yield Resource("AWS::Logs::LogGroup", f"/aws/lambda/{asks}")
    yield from door_resources(spec)
    yield Resource("AWS::Lambda::Permission")


def log_group(spec: ServiceSpec) -> str:
    """One for each release; SageMaker names them."""
    return f"{names.release_log_groups(spec.model)}*"


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """SageMaker acts as it to bring image and model, and to carry requests and answers."""
    yield from sagemaker.serving_grants(spec)
    yield allow("s3", ["GetObject", "PutObject"], _jobs(spec.model))


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    yield from staged_grants.publishing_grants(spec)
    yield from publishing_of_queues(spec)
    yield from sagemaker.use_of_the_key(spec)


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    yield from staged_grants.routing_grants(spec)
    yield from routing_of_queues(spec)
    yield from sagemaker.use_of_the_key(spec)


def asking_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """What the function behind the door may: keep requests, pass them on, read answers."""
    store = Thing(arns.store(), f"{names.ASYNC}/{spec.model}/* of the store")
    only = {"StringLike": {"s3:prefix": [f"{names.ASYNC}/{spec.model}/*"]}}
    endpoints = staged_grants.endpoints_of(spec.model)
    yield allow("s3", ["GetObject", "PutObject"], _jobs(spec.model))
    yield allow("s3", ["ListBucket"], store, when=only)
    yield allow("sagemaker", ["InvokeEndpointAsync"], endpoints)


def other_roles(spec: ServiceSpec) -> Iterator[RoleGrants]:
    log = own_log(f"/aws/lambda/{names.asking_function(spec.model)}")
    yield RoleGrants("asking", (*asking_grants(spec), log))


def serving_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    machine, hours = sagemaker.machine_of(spec), seconds / 3600
    requests, price = usage.requests_per_s * seconds, f"machine_hour_{machine}"
    running = hours * max(instances(spec, usage) * awake_share(usage), least_instances(spec))
    tried = running * TRIAL_SHARE
    yield f"machines of type {machine}", prices.of(price, running)
    yield "those of a second release, while one is tried", prices.of(price, tried)
    yield sagemaker.disks(spec, running + tried, prices)
    yield "the key of their disks", prices.of("key_month", hours / 730)
    yield through_an_endpoint(spec, requests, prices)
    yield (
        "taking requests and handing answers out",
        own_calls((1 + LOOKS) * requests, ASKED_S, prices),
    )
    yield "looking for answers at the door", prices.of("rest_api_request", LOOKS * requests)
    kept = prices.of("store_put", PUTS * requests) + prices.of("store_get", GETS * requests)
    yield "keeping both for a week", kept
    yield "alarms on the queue", prices.of("alarm_month", ALARMS * hours / 730)


def awake_share(usage: Usage) -> float:
    """Of a month in which a machine runs, because somebody asked shortly before."""
    return 1 - math.exp(-usage.requests_per_s * (rules.IDLE_S + rules.START_S))


def instances(spec: ServiceSpec, usage: Usage) -> int:
    """While anybody asks."""
    needed = math.ceil(usage.requests_per_s * usage.answer_ms / 1000 / BUSY)
    return min(max(1, needed, least_instances(spec)), most_instances(spec))


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    return most_instances(spec) * 1000 / max(1.0, answer_ms)


def limits(spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
    machine = machines()[sagemaker.machine_of(spec)]
    needed = usage.requests_per_s * usage.answer_ms / 1000
    memory_mb, most = machine.memory_mb - RESERVE_MB, most_instances(spec)
    fix = "name a larger compute.instance_type"
    yield Limit("memory", spec.size.peak_mb, memory_mb, "MB", fix)
    fix = "raise compute.max_instances: the queue only grows"
    yield Limit("machines on average", needed, most, "machines", fix)


def _jobs(model: str) -> Thing:
    folder = f"{names.ASYNC}/{model}/*"
    return Thing(arns.store(folder), f"{folder} of the store")
