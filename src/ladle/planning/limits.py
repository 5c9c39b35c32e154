"""What AWS allows beside what a model would use, so that no limit is met first in production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ladle.config.checks import ENV_BYTES
from ladle.config.doors import row_of
from ladle.config.schema import TrafficEstimate
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.usage import Usage
from ladle.targets.lambda_function import ACCOUNT_CONCURRENCY, PAYLOAD_MB, STORE_MODEL_BYTES

# Measured on models of 90 to 102 MB that load with default options: 1.6 to 2.6 times their size
# above the runtime's own; rounded up, with a third more as headroom.
RUNTIME_MB, MB_PER_MODEL_MB, HEADROOM = 150.0, 3.0, 1.3
NEAR = 0.8


@dataclass(frozen=True, slots=True)
class Limit:
    """``used`` and ``ceiling`` in ``unit``; ``fix`` is what to do when it is hit."""

    what: str
    used: float
    ceiling: float
    unit: str
    fix: str

    @property
    def share(self) -> float:
        return self.used / self.ceiling

    @property
    def is_hit(self) -> bool:
        return self.used > self.ceiling

    @property
    def sentence(self) -> str:
        return f"{self.what} {self.used:,.4g} of {self.ceiling:,.5g} {self.unit}"

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "used": round(self.used, 3),
            "ceiling": self.ceiling,
            "unit": self.unit,
            "hit": self.is_hit,
            "fix": self.fix,
        }


def peak_mb(model_bytes: int) -> float:
    """Memory that serving takes, guessed from the model's size; ``ladle doctor`` measures it."""
    return (RUNTIME_MB + MB_PER_MODEL_MB * model_bytes / 1e6) * HEADROOM


def limits(spec: ServiceSpec, usage: Usage, traffic: TrafficEstimate) -> tuple[Limit, ...]:
    """Nearest first."""
    return tuple(sorted(_limits(spec, usage, traffic), key=lambda row: -row.share))


def _limits(spec: ServiceSpec, usage: Usage, traffic: TrafficEstimate) -> Iterator[Limit]:
    size, row = spec.source.bytes, row_of(spec.door.kind)
    door = spec.door.rate_per_s if row.throttles else usage.peak_per_s
    busy = min(usage.peak_per_s, door) * usage.answer_ms / 1000
    instances = spec.compute.reserved or ACCOUNT_CONCURRENCY
    more = "raise compute.reserved" if spec.compute.reserved else "ask AWS for more"
    yield Limit("memory", peak_mb(size), spec.compute.memory_mb, "MB", "raise compute.memory_mb")
    yield Limit(
        "model size", size / 1e6, STORE_MODEL_BYTES / 1e6, "MB", "quantise it: init has ten seconds"
    )
    if row.throttles:
        yield Limit("peak", usage.peak_per_s, door, "requests a second", "raise door.rate_per_s")
    yield Limit("concurrency", busy, instances, "instances", f"{more}, or answer faster")
    payload_mb = min(PAYLOAD_MB, row.payload_mb)
    yield Limit("payload", traffic.payload_mb or 0, payload_mb, "MB", "send fewer rows at once")
    env = sum(len(k.encode()) + len(v.encode()) for k, v in spec.env.items())
    yield Limit("env", env, ENV_BYTES, "bytes", "read larger values from a file")
