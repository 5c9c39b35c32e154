"""What an endpoint of SageMaker that always runs can take, and the machine that it runs on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ladle.catalog import Arch, CostAction, Packaging, Tracing
from ladle.config.schema import ModelConfig
from ladle.targets.machines import RESERVE_MB, Machine, lacks, read_machines

PAYLOAD_MB = 6.0  # sources differ, up to 25: docs/live-checks.md
TIMEOUT_S = 60
VARIABLE_CHARS = 1024
FILE = Path(__file__).with_name("sagemaker_machines.toml")


def machines() -> Mapping[str, Machine]:
    """By type, the smallest first."""
    return read_machines(FILE)


def machine_for(gpus: int, memory_mb: int, instance_type: str | None) -> str | None:
    """The type that is named, else the first that has as much; None where none has."""
    if instance_type is not None:
        return instance_type
    fitting = (
        name
        for name, machine in machines().items()
        if machine.gpus >= gpus
        and bool(machine.gpus) == bool(gpus)
        and machine.memory_mb - RESERVE_MB >= memory_mb
    )
    return next(fitting, None)


def refusals(config: ModelConfig) -> Iterator[str]:
    """Why this model cannot run as an endpoint; nothing when it can."""
    yield from refusals_on_machines(config, PAYLOAD_MB, TIMEOUT_S)


def refusals_on_machines(config: ModelConfig, most_mb: float, most_s: int) -> Iterator[str]:
    """What holds where containers run on machines of one's own, and without a network."""
    yield from refusals_of_the_container(config, most_mb, most_s)
    if config.secrets:
        yield "it reads secrets when it starts, and its container has no network"
    if config.tracing is Tracing.OTLP:
        yield "it asks for tracing: otlp, and its container has no network to send spans by"
    yield from _refusals_of_the_machine(config)
    if config.compute.spot:
        yield "it asks for spot, and an endpoint has no spare capacity"


def refusals_of_the_container(config: ModelConfig, most_mb: float, most_s: int) -> Iterator[str]:
    """What holds on every target of SageMaker."""
    compute, payload_mb = config.compute, config.traffic.payload_mb or 0
    if payload_mb > most_mb:
        yield f"its payload of {payload_mb:g} MB is more than the {most_mb:g} that it takes"
    if compute.timeout_s > most_s:
        yield f"its timeout_s {compute.timeout_s} is more than the {most_s} that it waits"
    if config.packaging is Packaging.ZIP:
        yield "it is packed as a zip, and an endpoint runs an image"
    for key in ("warm", "reserved"):
        if getattr(compute, key):
            yield f"it sets compute.{key}, which functions alone have"
    for name, value in config.env.items():
        if len(value) > VARIABLE_CHARS:
            yield f"its env.{name} has {len(value)} characters, and a variable takes {VARIABLE_CHARS}"
    if config.cost.action is CostAction.STOP:
        yield "it asks for cost.action: stop, and an endpoint cannot be stopped, only deleted"


def _refusals_of_the_machine(config: ModelConfig) -> Iterator[str]:
    compute = config.compute
    named = compute.instance_type
    if named is not None and named.startswith("ml.inf1"):
        yield (
            f"{named} runs models compiled for Inferentia, which ONNX models are not, and "
            "SageMaker's own guardrails skip their bake on it"
        )
        return
    if config.arch is Arch.ARM64:
        yield "its arch is arm64, and every machine known here is x86_64"
    name = machine_for(compute.gpu, compute.memory_mb, named)
    asked = named or f"{compute.gpu} GPUs and {compute.memory_mb} MB"
    yield from lacks(compute, name, machines(), asked)


def reason(config: ModelConfig) -> str:
    """Why an endpoint is the right place."""
    compute = config.compute
    name = machine_for(compute.gpu, compute.memory_mb, compute.instance_type)
    what = {0: "a machine of its own", 1: "a GPU"}.get(compute.gpu, f"{compute.gpu} GPUs")
    return f"an endpoint of SageMaker on {name}: it needs {what}"
