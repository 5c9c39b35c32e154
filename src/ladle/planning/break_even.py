"""From how many requests a second on a machine that always runs costs less than calls of a function."""

from __future__ import annotations

from ladle.config.schema import ModelConfig
from ladle.planning.prices import Prices, prices
from ladle.targets.choose import ModelFacts
from ladle.targets.sagemaker import machine_for
from ladle.targets.sizes import answer_ms

MB_PER_VCPU = 1769


def model_facts(config: ModelConfig, model_bytes: int) -> ModelFacts:
    """``machine`` is empty where none has so much memory; no load is then enough."""
    compute = config.compute
    machine = machine_for(0, compute.memory_mb, None) or ""
    return ModelFacts(
        model_bytes, machine, break_even_per_s(config, model_bytes, machine, prices())
    )


def break_even_per_s(config: ModelConfig, model_bytes: int, machine: str, paid: Prices) -> float:
    """Infinite where the machine's price is not known."""
    price = f"machine_hour_{machine}"
    if price not in paid.usd:
        return float("inf")
    return paid.of(price, 1) / 3600 / _of_a_call(config, model_bytes, paid)


def _of_a_call(config: ModelConfig, model_bytes: int, paid: Prices) -> float:
    memory_mb = config.compute.memory_mb
    seconds = answer_ms(model_bytes) / 1000 * max(1.0, MB_PER_VCPU / memory_mb)
    gb_seconds = seconds * memory_mb / 1024
    return paid.of("lambda_request", 1) + paid.of(f"lambda_gb_second_{config.arch}", gb_seconds)
