"""An account's quotas bound what all models of a repository need together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ladle.catalog import Target
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets.sagemaker import machine_of
from ladle.planning.targets.sagemaker_serverless import concurrency
from ladle.planning.usage import Usage
from ladle.targets.ecs import Fleet, fargate_size, fleet_of, machine_for, machines
from ladle.targets.lambda_function import LEAST_UNRESERVED

Used = Sequence[tuple[ServiceSpec, Usage]]
ON_MACHINES = (Target.SAGEMAKER, Target.SAGEMAKER_ASYNC)
SERVERLESS = "Maximum total concurrency that can be allocated across all serverless endpoints"


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's quota by its code, or by its name where a service has more than a thousand of them, and
    what all models of a repository need of it.
    """

    what: str
    service: str
    which: str
    needed: Callable[[Used], float]

    def ask(self, wanted: int) -> str:
        """How to get more."""
        if not is_code(self.which):
            return f"ask Service Quotas for {wanted} of SageMaker's {self.which!r}"
        return (
            f"aws service-quotas request-service-quota-increase --service-code {self.service} "
            f"--quota-code {self.which} --desired-value {wanted}"
        )


def is_code(which: str) -> bool:
    return which.startswith("L-")


def quotas(models: Used) -> Iterator[Quota]:
    """Those of which these models need something."""
    used = {machine_of(spec) for spec, _ in models if spec.target in ON_MACHINES}
    for row in (*QUOTAS, *map(_of_machine, sorted(used))):
        if row.needed(models):
            yield row


def _of_machine(machine: str) -> Quota:
    """A new account has none of most types. Two releases run side by side through a trial."""

    def needed(models: Used) -> float:
        found = [s for s, _ in models if s.target in ON_MACHINES and machine_of(s) == machine]
        return sum(2 * max(1, s.compute.min_instances) for s in found)

    return Quota(f"{machine} of endpoints", "sagemaker", f"{machine} for endpoint usage", needed)


def _concurrency(models: Used) -> float:
    return sum(2 * concurrency(s) for s, _ in models if s.target is Target.SAGEMAKER_SERVERLESS)


def _instances(models: Used) -> float:
    """What is reserved is a share of its own, and reserving must leave all others some."""
    models = [(s, u) for s, u in models if s.target is Target.LAMBDA]
    reserved = sum(s.compute.reserved or 0 for s, _ in models)
    shared = sum(
        max(min(u.peak_per_s, s.door.rate_per_s) * u.answer_ms / 1000, 2 * s.compute.warm)
        for s, u in models
        if s.compute.reserved is None
    )
    return reserved + max(shared, LEAST_UNRESERVED) if reserved else shared


def _fargate_vcpus(models: Used) -> float:
    """Of both releases of a trial, at their largest."""
    sizes = ((s, fargate_size(s.compute.memory_mb)) for s, _ in _on_ecs(models, with_gpu=False))
    return sum(2 * _fleet(s).most * size.cpu_units / 1024 for s, size in sizes if size)


def _machine_vcpus(models: Used) -> float:
    found = _on_ecs(models, with_gpu=True)
    named = ((s, machine_for(s.compute.gpu, s.compute.instance_type)) for s, _ in found)
    return sum(2 * _fleet(s).least * machines()[name].vcpus for s, name in named if name)


def _on_ecs(models: Used, with_gpu: bool) -> Used:
    return [(s, u) for s, u in models if s.target is Target.ECS and bool(s.compute.gpu) == with_gpu]


def _fleet(spec: ServiceSpec) -> Fleet:
    return fleet_of(spec.compute.min_instances, spec.compute.max_instances)


QUOTAS = (
    Quota(
        "concurrent function instances",
        "lambda",
        "L-B99A9384",
        _instances,
    ),
    Quota(
        "requests a second of all doors",
        "apigateway",
        "L-8A5B8E43",
        lambda models: sum(s.door.rate_per_s for s, _ in models),
    ),
    Quota("stacks", "cloudformation", "L-0485CB21", lambda models: len(models) + 1),
    Quota("vCPUs of Fargate", "fargate", "L-3032A538", _fargate_vcpus),
    Quota("vCPUs of machines with a GPU", "ec2", "L-DB2E81BA", _machine_vcpus),
    Quota("concurrency of serverless endpoints", "sagemaker", SERVERLESS, _concurrency),
)
