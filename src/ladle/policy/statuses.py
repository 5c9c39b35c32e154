"""The words for where a release and a model's traffic can be. ``design``: docs/releases.md."""

from __future__ import annotations

from enum import StrEnum


class ReleaseStatus(StrEnum):
    """Where one release is; what history and status print."""

    REQUESTED = "REQUESTED"
    REFUSED = "REFUSED"
    BASELINE = "BASELINE"
    CANARY = "CANARY"
    HOLDBACK = "HOLDBACK"
    GOOD = "GOOD"
    ROLLED_BACK = "ROLLED_BACK"
    SUPERSEDED = "SUPERSEDED"
    RETIRED = "RETIRED"


class Phase(StrEnum):
    """Where a model's traffic is; a model has exactly one."""

    EMPTY = "EMPTY"
    BASELINE = "BASELINE"
    STABLE = "STABLE"
    CANARY = "CANARY"
    HOLDBACK = "HOLDBACK"
    ROLLING_BACK = "ROLLING_BACK"
    PAUSED = "PAUSED"
    FROZEN = "FROZEN"
    DEGRADED = "DEGRADED"
    STOPPED = "STOPPED"


class QuarantineScope(StrEnum):
    """What a quarantine entry names: the model's content, or the whole release."""

    MODEL = "model"
    RELEASE = "release"

    def of(self, number: int) -> str:
        """``the model of release 2``, or ``release 2`` itself."""
        return f"release {number}" if self is self.RELEASE else f"the {self} of release {number}"
