"""How long a candidate needs to show the evidence that its promotion wants, at the stated traffic."""

from __future__ import annotations

from dataclasses import dataclass

from ladle.catalog import ModelType, Strategy
from ladle.config.amounts import written
from ladle.config.schema import AccuracyGuard, ErrorGuard, ModelConfig

DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class EvidenceTime:
    """Expected seconds until the candidate has answered enough; ``labels_s`` is None without labels.

    Labels cannot come faster than the requests they are about, so ``labels_s`` is a lower bound.
    """

    requests: int
    requests_s: float
    labels: int
    labels_s: float | None
    max_s: float
    canary_percent: float
    per_day: float

    @property
    def least_s(self) -> float:
        return max(self.requests_s, self.labels_s or 0.0)

    @property
    def fits(self) -> bool:
        return self.least_s <= self.max_s

    def __str__(self) -> str:
        share = f"{self.canary_percent:g}% of {self.per_day:,.0f} requests a day"
        labels = (
            ""
            if self.labels_s is None
            else f", {self.labels} labels at least {written(self.labels_s)}"
        )
        needs = f"{self.requests} requests take about {written(self.requests_s)}{labels}"
        return f"with {share}, {needs}; the trial lasts at most {written(self.max_s)}"


def evidence_time(config: ModelConfig) -> EvidenceTime | None:
    """None for a strategy that waits for no evidence."""
    rollout, per_day = config.rollout, config.traffic.expected_per_day
    if rollout.strategy is Strategy.ALL_AT_ONCE:
        return None
    per_s = per_day * rollout.canary_percent / 100 / DAY_S
    return EvidenceTime(
        requests=rollout.min_requests,
        requests_s=rollout.min_requests / per_s,
        labels=rollout.min_labels,
        labels_s=rollout.min_labels / per_s if expects_labels(config) else None,
        max_s=rollout.max_s,
        canary_percent=rollout.canary_percent,
        per_day=per_day,
    )


def expects_labels(config: ModelConfig) -> bool:
    """Whether a quality guard exists: somebody labels, and what labels say is guarded."""
    return bool(config.monitor.labels.sources) and quality_guard(config) is not None


def quality_guard(config: ModelConfig) -> AccuracyGuard | ErrorGuard | None:
    """A number is nearly right, everything else is right or wrong."""
    guards = config.monitor.guards
    return guards.error if config.type is ModelType.REGRESSION else guards.accuracy
