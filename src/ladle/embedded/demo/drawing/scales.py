"""Where a value lies on paper, and which round values are worth a tick."""

from __future__ import annotations

import math
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 5.0, 10.0)
_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps ``[low, high]`` to ``[begin, end]`` in pixels; a value outside lies on the edge."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.begin + min(1.0, max(0.0, share)) * (self.end - self.begin)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values within ``[low, high]``, about so many."""
    raw = (high - low) / max(about, 1)
    if raw <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in _STEPS if s * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def time_ticks(seconds: float, about: int) -> list[float]:
    """Seconds since the start that a clock face likes."""
    step = next((s for s in _TIME_STEPS_S if s >= seconds / about), _TIME_STEPS_S[-1])
    return [float(s) for s in range(0, int(seconds) + 1, step)]


def clock_face(seconds: float) -> str:
    """``1:30``, or ``2:05:00`` from an hour on."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
