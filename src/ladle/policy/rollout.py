"""What a team allows a rollout to do: durations in seconds, shares in percent, margins as factors.

Policy is not part of a version: it is written into the ledger by the hand-off and may change while
a rollout runs. Read from JSON without pydantic, since the controller must start fast.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from ladle.catalog import OnInconclusive, Promote, Strategy
from ladle.policy.stopping import StopPolicy


class GuardName(StrEnum):
    """What a guard watches."""

    FAILURES = "failures"
    LATENCY = "latency"
    ACCURACY = "accuracy"
    ERROR = "error"


# How the promised false-rollback rate is shared out (sum 1 for a model's guards), by what a mistake usually is.
# Guards that a rollout does not have give their share to the others in proportion.
ALPHA_SHARES: dict[GuardName, float] = {
    GuardName.FAILURES: 0.4,
    GuardName.ACCURACY: 0.4,
    GuardName.ERROR: 0.4,
    GuardName.LATENCY: 0.2,
}
OF_LABELS = frozenset({GuardName.ACCURACY, GuardName.ERROR})  # a model has one of them


@dataclass(frozen=True, slots=True)
class Guard:
    """One comparison of candidate with stable.

    ``worse_than`` is a harmless risk ratio (1.2 = 20 % more events are still fine); ``worse_by`` a
    harmless difference of rates (0.005 = half a point; of errors in the label's own unit). Exactly one
    is set. ``fine_below`` is a rate
    of the candidate under which it counts as not worse whatever the ratio says.
    """

    name: GuardName
    worse_than: float | None = None
    worse_by: float | None = None
    fine_below: float | None = None


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How a candidate is tried, for how long, and what promotes it."""

    strategy: Strategy = Strategy.CANARY
    canary_percent: float = 10.0
    bake_s: float = 3600.0
    min_requests: int = 200
    min_labels: int = 100
    promote: Promote = Promote.AFTER_BAKE
    max_s: float = 86400.0
    on_inconclusive: OnInconclusive = OnInconclusive.HOLD
    holdback_percent: float = 5.0
    holdback_s: float = 86400.0
    false_rollback_rate: float = 0.01
    window_s: float = 60.0
    labels_expected: bool = False
    label_sources: tuple[str, ...] = ()  # principals whose labels count: names or ARNs
    labels_accept_s: float = 30 * 86400.0
    stop: StopPolicy | None = None
    guards: tuple[Guard, ...] = (
        Guard(GuardName.FAILURES, worse_than=1.2, fine_below=0.005),
        Guard(GuardName.LATENCY, worse_than=1.2),
    )

    def alpha_share(self, guard: GuardName) -> float:
        """An active guard's part of ``false_rollback_rate``; the parts of all of them sum to 1."""
        return ALPHA_SHARES[guard] / sum(ALPHA_SHARES[g.name] for g in self.active_guards)

    @property
    def active_guards(self) -> tuple[Guard, ...]:
        """Without expected labels there is no quality guard."""
        return tuple(g for g in self.guards if self.labels_expected or g.name not in OF_LABELS)

    @property
    def labels_needed(self) -> int:
        """Labels of the candidate that a promotion waits for."""
        quality = any(g.name in OF_LABELS for g in self.active_guards)
        return self.min_labels if quality else 0

    @property
    def is_numeric(self) -> bool:
        """Whether a label is a number that a prediction comes near to, not one that it hits."""
        return any(g.name is GuardName.ERROR for g in self.guards)

    @property
    def log_e_limit(self) -> float:
        """Evidence, in nats, at which a rollout ends: ln(1/alpha)."""
        return -math.log(self.false_rollback_rate)

    def to_json(self) -> dict[str, Any]:
        """Without ``stop`` where nobody signed for one."""
        return {k: v for k, v in asdict(self).items() if (k, v) != ("stop", None)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RolloutPolicy:
        """Reads what :meth:`to_json` wrote. Keys of a newer Ladle are ignored."""
        known = {k: v for k, v in data.items() if k in cls.__dataclass_fields__ and k != "guards"}
        for key, enum in (
            ("strategy", Strategy),
            ("promote", Promote),
            ("on_inconclusive", OnInconclusive),
        ):
            if key in known:
                known[key] = enum(known[key])
        if "label_sources" in known:
            known["label_sources"] = tuple(known["label_sources"])
        if known.get("stop") is not None:
            known["stop"] = StopPolicy(**known["stop"])
        if "guards" in data:
            known["guards"] = tuple(
                Guard(
                    GuardName(g["name"]),
                    g["worse_than"],
                    g["worse_by"],
                    g["fine_below"],
                )
                for g in data["guards"]
            )
        return cls(**known)
