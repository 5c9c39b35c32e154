"""What a service of ECS can take: a GPU of a machine by its type, or Fargate by memory and vCPU."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ladle.catalog import Arch, Packaging, Tracing
from ladle.config.schema import ModelConfig
from ladle.targets.ecs_weights import STEPS
from ladle.targets.machines import Machine, lacks, read_machines

PAYLOAD_MB = 6  # of one request: the server takes as much as a function does
MB_PER_VCPU = 1769  # as on Lambda, so that a model moves without another line
DISK_GB = 100  # of a machine: the system, and an image with CUDA in it
MACHINE_METRICS = 7  # that EC2 tells each minute of a machine, and charges for
FLEET_FACTOR = 4  # most tasks per least, where nobody named a ceiling
FILE = Path(__file__).with_name("gpu_machines.toml")
# CPU units of a Fargate task -> the memory that may go with them, in MB: least, most, step.
_FARGATE: dict[int, tuple[int, int, int]] = {
    512: (1024, 4096, 1024),
    1024: (2048, 8192, 1024),
    2048: (4096, 16384, 1024),
    4096: (8192, 30720, 1024),
    8192: (16384, 61440, 4096),
}


@dataclass(frozen=True, slots=True)
class TaskSize:
    """``cpu_units``: 1,024 are one vCPU."""

    cpu_units: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many tasks a slot with traffic has, at least and at most."""

    least: int
    most: int


def fleet_of(min_instances: int, max_instances: int | None) -> Fleet:
    """Nothing wakes a service that has no task, so there is one; a ceiling there always is."""
    least = max(1, min_instances)
    return Fleet(least, max(least, max_instances or FLEET_FACTOR * least))


def machines() -> Mapping[str, Machine]:
    """Types of EC2 instances, the smallest and oldest first."""
    return read_machines(FILE)


def machine_for(gpus: int, instance_type: str | None) -> str | None:
    """The type that is named, else the first with so many GPUs; None where none has them."""
    if instance_type is not None:
        return instance_type
    return next((name for name, m in machines().items() if m.gpus >= gpus), None)


def fargate_size(memory_mb: int) -> TaskSize | None:
    """The smallest task with as much memory, and as much CPU, as a function of ``memory_mb`` has."""
    for units, (least, most, step) in _FARGATE.items():
        memory = max(least, -(-memory_mb // step) * step)
        if memory <= most and units * MB_PER_VCPU >= memory_mb * 1024:
            return TaskSize(units, memory)
    return None


def refusals(config: ModelConfig) -> Iterator[str]:
    """Why this model cannot run as a service; nothing when it can."""
    payload_mb = config.traffic.payload_mb or 0
    if payload_mb > PAYLOAD_MB:
        yield f"its payload of {payload_mb:g} MB is more than the {PAYLOAD_MB} that the server takes"
    if config.packaging is Packaging.ZIP:
        yield "it is packed as a zip, and a task runs an image"
    for key in ("warm", "reserved"):
        if getattr(config.compute, key):
            yield f"it sets compute.{key}, which functions alone have"
    if config.tracing is Tracing.XRAY:
        yield "it asks for tracing: xray, and neither its door nor a task writes traces"
    if config.tracing is Tracing.OTLP and not config.network.vpc:
        yield "it asks for tracing: otlp, and no way leads out of a service without a network of yours"
    yield from _refusals_of_size(config)
    for key in ("canary_percent", "holdback_percent"):
        percent = getattr(config.rollout, key)
        if not is_weight(percent / 100):
            yield f"its rollout.{key} {percent:g} is no whole number of tenths of a percent"


def is_weight(share: float) -> bool:
    """Whether a listener can give this share."""
    steps = share * STEPS
    return 1 <= round(steps) <= STEPS // 2 and abs(steps - round(steps)) < 1e-6


def _refusals_of_size(config: ModelConfig) -> Iterator[str]:
    compute = config.compute
    if not compute.gpu:
        if compute.instance_type:
            yield f"it names a machine, {compute.instance_type}, and without a GPU it runs on Fargate"
        if fargate_size(compute.memory_mb) is None:
            yield f"its memory_mb {compute.memory_mb} is more than any task of Fargate has"
        return
    if config.arch is Arch.ARM64:
        yield "its arch is arm64, and every machine with a GPU here is x86_64"
    name = machine_for(compute.gpu, compute.instance_type)
    yield from lacks(compute, name, machines(), compute.instance_type or f"{compute.gpu} GPUs")


def reason(config: ModelConfig) -> str:
    """Why a service is the right place."""
    compute = config.compute
    if compute.gpu:
        name = machine_for(compute.gpu, compute.instance_type)
        return f"a service on {name}: it needs a GPU, and its own machines cost the least per hour"
    return "a service on Fargate: its load is steady enough that a task costs less than calls"
