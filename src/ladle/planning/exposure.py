"""Who can reach a model, and how often, as its door is configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ladle.catalog import DoorAuth
from ladle.planning.service_spec import ServiceSpec

_CALLERS = {
    DoorAuth.IAM: "callers whom IAM allows execute-api:Invoke on it, each request signed",
    DoorAuth.NONE: "anyone on the internet, unsigned",
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """``acknowledged_by`` answers for a door that anyone may use."""

    callers: str
    public: bool
    acknowledged_by: str | None
    rate_per_s: float

    @property
    def sentence(self) -> str:
        who = f"; {self.acknowledged_by} answers for it" if self.acknowledged_by else ""
        what = "PUBLIC" if self.public else "not public"
        return f"{what}: {self.callers}{who}; at most {self.rate_per_s:g} requests a second"

    def to_json(self) -> dict[str, Any]:
        return {
            "public": self.public,
            "callers": self.callers,
            "acknowledged_by": self.acknowledged_by,
            "rate_per_s": self.rate_per_s,
        }


def exposure(spec: ServiceSpec) -> Exposure:
    door = spec.door
    public = door.auth is DoorAuth.NONE
    by = door.public_acknowledged_by if public else None
    return Exposure(_CALLERS[door.auth], public, by, door.rate_per_s)
