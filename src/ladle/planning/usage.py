"""What a model is asked for: observed by its counters, else stated by its config, else assumed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ladle.config.schema import TrafficEstimate
from ladle.planning.service_spec import ServiceSpec

DAY_S = 86_400.0
MB_PER_VCPU = 1769
# A busy second has so many times the average's requests, where nobody stated a peak.
PEAK_FACTOR = 5.0


class Known(StrEnum):
    ASSUMED = "assumed"
    STATED = "stated"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Usage:
    """``answer_ms`` is what a warm answer takes on average, ``answer_known`` whence that is known.
    ``seen_s`` is for how long it was observed.
    """

    requests_per_s: float
    answer_ms: float
    peak_per_s: float
    known: Known = Known.STATED
    answer_known: str = "as counted"
    seen_s: float | None = None

    @property
    def requests_per_day(self) -> float:
        return self.requests_per_s * DAY_S

    def at(self, requests_per_s: float) -> Usage:
        return replace(self, requests_per_s=requests_per_s)


def stated(spec: ServiceSpec, traffic: TrafficEstimate) -> Usage:
    average = traffic.expected_per_day / DAY_S
    peak = traffic.peak_per_s or max(average * PEAK_FACTOR, 1.0)
    known = Known.STATED if "expected_per_day" in traffic.model_fields_set else Known.ASSUMED
    return Usage(average, warm_ms(spec), peak, known, answer_known=spec.size.known)


def observed(requests: int, answers: Sequence[tuple[float, int]], seconds: float) -> Usage | None:
    """``answers`` are (milliseconds, how many); None where nothing was answered."""
    counted = sum(n for _, n in answers)
    if not requests or not counted or seconds <= 0:
        return None
    average = requests / seconds
    mean_ms = sum(ms * n for ms, n in answers) / counted
    return Usage(average, mean_ms, average * PEAK_FACTOR, Known.OBSERVED, seen_s=seconds)


def warm_ms(spec: ServiceSpec) -> float:
    """Of a warm answer on the memory that is configured; CPU comes with memory, up to one thread."""
    slower = max(1.0, MB_PER_VCPU / spec.compute.memory_mb)
    return spec.size.answer_ms * slower


def bin_ms(bins: Iterable[tuple[int, int]]) -> list[tuple[float, int]]:
    """Latency bins as (milliseconds in the middle of the bin, how many)."""
    return [(0.25 * math.sqrt(2) ** (bin_ - 0.5), n) for bin_, n in bins]
