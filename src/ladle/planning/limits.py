"""What AWS allows beside what a model would use, so that no limit is met first in production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ladle.config.checks import ENV_BYTES
from ladle.config.doors import row_of
from ladle.config.schema import TrafficEstimate
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.targets import planning_of
from ladle.planning.usage import Usage

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


def limits(
    spec: ServiceSpec, usage: Usage, traffic: TrafficEstimate, month_usd: float = 0.0
) -> tuple[Limit, ...]:
    """Nearest first; ``month_usd`` is what it is expected to cost."""
    found = [*_limits(spec, usage, traffic), *_own_cap(spec, month_usd)]
    return tuple(sorted(found, key=lambda row: -row.share))


def _own_cap(spec: ServiceSpec, month_usd: float) -> Iterator[Limit]:
    """Nobody but the config sets it; whoever hears of it would hear each month."""
    cap = spec.ceilings.monthly_usd
    if cap is not None:
        yield Limit("cost", month_usd, cap, "USD a month", "raise cost.monthly_cap_usd")


def _limits(spec: ServiceSpec, usage: Usage, traffic: TrafficEstimate) -> Iterator[Limit]:
    target, row = planning_of(spec.target), row_of(spec.door.kind, spec.target)
    door = spec.door.rate_per_s
    yield from target.limits(spec, usage)
    if row.throttles:
        yield Limit("peak", usage.peak_per_s, door, "requests a second", "raise door.rate_per_s")
    payload_mb = min(target.PAYLOAD_MB, row.payload_mb)
    yield Limit("payload", traffic.payload_mb or 0, payload_mb, "MB", "send fewer rows at once")
    env = sum(len(k.encode()) + len(v.encode()) for k, v in spec.env.items())
    yield Limit("env", env, ENV_BYTES, "bytes", "read larger values from a file")
