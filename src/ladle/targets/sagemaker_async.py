"""What an asynchronous endpoint of SageMaker can take, which answers into the store and runs while it is asked."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.config.schema import ModelConfig
from ladle.targets.sagemaker import machine_for, refusals_on_machines

PAYLOAD_MB = 4.0  # what the function that takes requests can carry, bytes written as text
TIMEOUT_S = 900
IDLE_S = 900.0  # a machine that nobody asks runs on for about so long
START_S = 420.0  # of the first machine: a guess


def refusals(config: ModelConfig) -> Iterator[str]:
    """Why this model cannot run so; nothing when it can."""
    yield from refusals_on_machines(config, PAYLOAD_MB, TIMEOUT_S)


def reason(config: ModelConfig) -> str:
    """Why an asynchronous endpoint is the right place."""
    compute = config.compute
    name = machine_for(compute.gpu, compute.memory_mb, compute.instance_type)
    return f"an asynchronous endpoint of SageMaker on {name}: it may take its time, and stops idle"
