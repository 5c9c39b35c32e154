"""A model's releases are variants of one endpoint; its traffic is what their weights say."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle import names
from ladle.planning import arns, between
from ladle.planning.carried import through_an_endpoint
from ladle.planning.door_resources import door_resources
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.limits import Limit
from ladle.planning.prices import Prices
from ladle.planning.resource import Resource
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.staged_grants import pulling_the_image, scaling_of_variants
from ladle.planning.things import own_folder, tried_by_scaling
from ladle.planning.usage import Usage, warm_ms
from ladle.targets import sagemaker as rules
from ladle.targets.machines import RESERVE_MB

WAY_BACK = (
    "one change of the endpoint's weights while the old variant still runs (through canary and "
    "holdback): a minute or two, after any change that is under way; later its machines start "
    "anew: about ten minutes"
)
SHARED = "endpoint, key, roles, log and stack are its own; the account's quota of machines is not"
PAYLOAD_MB = rules.PAYLOAD_MB
PRINTS_ITSELF = True
TRIAL_SHARE = 0.1  # of a month two releases run beside each other
BUSY = 0.6  # of a machine's time, beyond which answers wait for each other
SCALED_BY = 2  # alarms, by which AWS follows the load up and down
KEY_USE = {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def machine_of(spec: ServiceSpec) -> str:
    compute = spec.compute
    return rules.machine_for(compute.gpu, compute.memory_mb, compute.instance_type) or ""


def least_instances(spec: ServiceSpec) -> int:
    """A variant that runs has one: scaling to nothing is for functions."""
    return max(1, spec.compute.min_instances)


def most_instances(spec: ServiceSpec) -> int:
    return max(least_instances(spec), spec.compute.max_instances or 1)


def per_minute(spec: ServiceSpec) -> int:
    """Requests that one machine takes while it is as busy as it should be."""
    return max(1, math.floor(60 * BUSY * _per_s(warm_ms(spec))))


def vcpus(spec: ServiceSpec) -> int:
    return rules.machines()[machine_of(spec)].vcpus


def _per_s(answer_ms: float) -> float:
    """One process with all of the machine's vCPUs answers one request after the other."""
    return 1000 / max(1.0, answer_ms)


def resources(spec: ServiceSpec) -> Iterator[Resource]:
    yield Resource("AWS::KMS::Key")
    yield Resource("AWS::IAM::Role", names.serving_role(spec.model, spec.base))
    yield Resource("AWS::Logs::LogGroup", log_group(spec))
    yield Resource("AWS::Logs::SubscriptionFilter")
    if between.stands(spec):
        yield from between.resources(spec)
    else:
        yield Resource("AWS::IAM::Role", names.door_role(spec.model, spec.base))
    yield from door_resources(spec)


def log_group(spec: ServiceSpec) -> str:
    return names.endpoint_log_group(spec.model)


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """SageMaker acts as it to bring image and model; the container itself has no network."""
    store = Thing(arns.store(), f"release/{spec.model}/* of the store")
    only = {"StringLike": {"s3:prefix": [f"release/{spec.model}/*"]}}
    yield allow("s3", ["GetObject"], own_folder(spec.model))
    yield allow("s3", ["ListBucket"], store, when=only)
    yield from pulling_the_image()


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    endpoint, models, configs = _things(spec.model)
    role = Thing(arns.role(names.serving_role(spec.model, spec.base)), "the role that serves")
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    yield allow("sagemaker", ["CreateModel", "DeleteModel", "DescribeModel"], models)
    yield allow(
        "sagemaker",
        ["CreateEndpointConfig", "DeleteEndpointConfig", "DescribeEndpointConfig"],
        configs,
    )
    yield allow("sagemaker", ["CreateEndpoint"], endpoint, configs)
    yield allow("sagemaker", ["DeleteEndpoint", "DescribeEndpoint"], endpoint)
    yield allow("sagemaker", ["AddTags"], endpoint, models, configs)
    yield allow("iam", ["PassRole"], role, when=to_sagemaker)
    yield scaling_of_variants("DeregisterScalableTarget")
    yield from use_of_the_key(spec)


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    endpoint, _, configs = _things(spec.model)
    linked = Thing(arns.endpoint_scaling_role(), "the role by which AWS scales endpoints")
    yield allow("sagemaker", ["DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"], endpoint)
    yield allow("sagemaker", ["UpdateEndpoint"], endpoint, configs)
    yield allow(
        "sagemaker",
        ["CreateEndpointConfig", "DeleteEndpointConfig", "DescribeEndpointConfig"],
        configs,
    )
    yield allow("sagemaker", ["AddTags", "ListTags"], endpoint, configs)
    yield scaling_of_variants(
        "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"
    )
    yield tried_by_scaling()
    yield allow("iam", ["CreateServiceLinkedRole"], linked)
    yield from use_of_the_key(spec)


def other_roles(spec: ServiceSpec) -> Iterator[RoleGrants]:
    """Of what asks the endpoint: the door itself, or a function before it."""
    endpoint = endpoint_of(spec.model)
    asks = (allow("sagemaker", ["InvokeEndpoint"], endpoint),)
    yield between.role(spec, endpoint) if between.stands(spec) else RoleGrants("door", asks)


def serving_costs(
    spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
) -> Iterator[tuple[str, float]]:
    machine, hours = machine_of(spec), seconds / 3600
    price, running = f"machine_hour_{machine}", instances(spec, usage) * hours
    tried = least_instances(spec) * hours * TRIAL_SHARE
    yield f"machines of type {machine}", prices.of(price, running)
    yield "those of a second release, while one is tried", prices.of(price, tried)
    yield disks(spec, running + tried, prices)
    yield "the key of its disks", prices.of("key_month", hours / 730)
    yield through_an_endpoint(spec, usage.requests_per_s * seconds, prices)
    if between.stands(spec):
        yield between.costs(usage, seconds, prices)
    if most_instances(spec) > least_instances(spec):
        alarms = SCALED_BY * (1 + TRIAL_SHARE)
        yield "alarms by which it scales", prices.of("alarm_month", alarms * hours / 730)


def disks(spec: ServiceSpec, machine_hours: float, prices: Prices) -> tuple[str, float]:
    """Nothing where a machine has its own."""
    added_gb = rules.machines()[machine_of(spec)].disk_gb
    return "disks of them all", prices.of("endpoint_disk_gb_month", added_gb * machine_hours / 730)


def instances(spec: ServiceSpec, usage: Usage) -> int:
    """As many as keep each as busy as it should be, within the bounds that the config sets."""
    needed = math.ceil(usage.requests_per_s / (BUSY * _per_s(usage.answer_ms)))
    return min(max(needed, least_instances(spec)), most_instances(spec))


def most_per_s(spec: ServiceSpec, answer_ms: float) -> float:
    return most_instances(spec) * _per_s(answer_ms)


def limits(spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
    machine = rules.machines()[machine_of(spec)]
    memory_mb = machine.memory_mb - RESERVE_MB
    peak_per_s = min(usage.peak_per_s, spec.door.rate_per_s)
    needed = peak_per_s / _per_s(usage.answer_ms)
    fix = "name a larger compute.instance_type"
    yield Limit("memory", spec.size.peak_mb, memory_mb, "MB", fix)
    fix = "raise compute.max_instances"
    yield Limit("machines at the peak", needed, most_instances(spec), "machines", fix)
    if between.stands(spec):
        yield between.limit(spec, usage)


def endpoint_of(model: str) -> Thing:
    name = names.endpoint(model)
    return Thing(arns.sagemaker(f"endpoint/{name}"), f"the endpoint {name}")


def _things(model: str) -> tuple[Thing, Thing, Thing]:
    name = names.endpoint(model)
    return (
        endpoint_of(model),
        Thing(arns.sagemaker(f"model/{name}--*"), "its models"),
        Thing(arns.sagemaker(f"endpoint-config/{name}--*"), "its endpoint configs"),
    )


def key_id(spec: ServiceSpec) -> str:
    """What the key of a home's disks is called in the template."""
    return f"{names.home_scope(spec.base)}EndpointKey"


def use_of_the_key(spec: ServiceSpec) -> Iterator[Grant]:
    """SageMaker encrypts disks with it on behalf of whoever asks for an endpoint."""
    key = Thing(f"${{{key_id(spec)}.Arn}}", "the key of its disks")
    yield allow("kms", ["DescribeKey"], key)
    yield allow("kms", ["CreateGrant"], key, when=KEY_USE)
