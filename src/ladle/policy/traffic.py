"""What an alias says: one version, or two with weights. The controller alone writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class ObservedTraffic:
    """What a read of the alias returned; ``revision`` makes the next write conditional."""

    traffic: Traffic
    revision: str
