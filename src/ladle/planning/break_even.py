"""From how many requests a second on a machine that always runs costs less than calls of a function."""

from __future__ import annotations

from ladle.config.schema import ModelConfig
from ladle.planning.prices import Prices, prices
from ladle.targets.choose import ModelFacts
from ladle.targets.sagemaker import machine_for
from ladle.targets.sizes import Size

MB_PER_VCPU = 1769


def model_facts(config: ModelConfig, size: Size) -> ModelFacts:
    """``machine`` is empty where none has so much memory; no load is then enough."""
    compute = config.compute
    machine = machine_for(0, compute.memory_mb, None) or ""
    return ModelFacts(size, machine, break_even_per_s(config, size, machine, prices()))


def break_even_per_s(config: ModelConfig, size: Size, machine: str, paid: Prices) -> float:
    """Infinite where there is no machine."""
    if not machine:
        return float("inf")
    return paid.of(f"machine_hour_{machine}", 1) / 3600 / _of_a_call(config, size, paid)


def _of_a_call(config: ModelConfig, size: Size, paid: Prices) -> float:
    memory_mb = config.compute.memory_mb
    seconds = size.answer_ms / 1000 * max(1.0, MB_PER_VCPU / memory_mb)
    gb_seconds = seconds * memory_mb / 1024
    return paid.of("lambda_request", 1) + paid.of(f"lambda_gb_second_{config.arch}", gb_seconds)
