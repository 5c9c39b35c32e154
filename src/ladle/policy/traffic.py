"""What an alias says: one version, or two with weights. The controller alone writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Lambda keeps weights as decimals; what differs by less than this is the same share.
SAME_WEIGHT = 1e-6


@dataclass(frozen=True, slots=True)
class Traffic:
    """Shares of traffic by release number; one or two entries, each in [0, 1], summing to 1.

    ``main`` is the release that the alias itself names; ``canary`` the one with an additional
    weight. On a Lambda alias the second is the routing configuration.
    """

    main: int
    canary: int | None = None
    canary_weight: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.canary_weight <= 1.0:
            raise ValueError(f"a weight lies in [0, 1], got {self.canary_weight}")
        if (self.canary is None) != (self.canary_weight == 0.0):
            raise ValueError("a canary has a weight above 0, and a weight has a canary")
        if self.canary == self.main:
            raise ValueError("a release cannot be its own canary")

    @property
    def weights(self) -> Mapping[int, float]:
        """Share of every release that gets requests; sums to 1."""
        if self.canary is None:
            return {self.main: 1.0}
        return {self.main: 1.0 - self.canary_weight, self.canary: self.canary_weight}

    def reads_like(self, other: Traffic | None) -> bool:
        """Whether both say the same, but for the last digits of a weight."""
        return (
            other is not None
            and (self.main, self.canary) == (other.main, other.canary)
            and abs(self.canary_weight - other.canary_weight) < SAME_WEIGHT
        )

    def __str__(self) -> str:
        if self.canary is None:
            return f"release {self.main} at 100 %"
        share = 100 * self.canary_weight
        return f"release {self.main} at {100 - share:g} %, release {self.canary} at {share:g} %"


@dataclass(frozen=True, slots=True)
class ObservedTraffic:
    """What a read of the alias returned; ``revision`` makes the next write conditional.

    Not ``settled``: machines start or stop for the last write, which takes minutes on some targets,
    and no other write is taken until then.
    """

    traffic: Traffic
    revision: str
    settled: bool = True


def as_alias(traffic: Traffic | None) -> dict[str, Any] | None:
    """The form of every JSON answer: ``{"version": "7", "weights": {"7": 0.9, "8": 0.1}}``."""
    if traffic is None:
        return None
    return {
        "version": str(traffic.main),
        "weights": {str(n): round(w, 6) for n, w in traffic.weights.items()},
    }
