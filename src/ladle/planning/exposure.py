"""Who can reach a model, and how often, as its door is configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ladle.catalog import DoorAuth, DoorKind
from ladle.config.doors import row_of
from ladle.planning.service_spec import Door, ServiceSpec
from ladle.planning.spans import spans_to

_CALLERS = {
    DoorAuth.IAM: "callers whom IAM allows {action} on it, each request signed",
    DoorAuth.JWT: "holders of a token of {issuer} for {audience}",
    DoorAuth.API_KEY: "holders of its API key; labels only from callers whom IAM allows",
    DoorAuth.NONE: "anyone on the internet, unsigned",
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """``acknowledged_by`` answers for a door that anyone may use; ``rate_per_s`` is None where as
    many may come as there are instances to answer them. ``pages`` are origins of web pages, ``spans_to`` is
    who hears of each request, by ``tracing: otlp``.
    """

    door: str
    callers: str
    public: bool
    acknowledged_by: str | None
    rate_per_s: float | None
    pages: tuple[str, ...] = ()
    spans_to: str | None = None

    @property
    def sentence(self) -> str:
        who = f"; {self.acknowledged_by} answers for it" if self.acknowledged_by else ""
        what = "PUBLIC" if self.public else "not public"
        pages = f"; pages of {', '.join(self.pages)} may call" if self.pages else ""
        spans = f"; a span of each request leaves to {self.spans_to}" if self.spans_to else ""
        return f"{what}: {self.callers}{who}; {self._rate}{pages}{spans}"

    @property
    def _rate(self) -> str:
        if self.rate_per_s is None:
            return "no limit of the rate"
        return f"at most {self.rate_per_s:g} requests a second"

    def to_json(self) -> dict[str, Any]:
        return {
            "door": self.door,
            "public": self.public,
            "callers": self.callers,
            "acknowledged_by": self.acknowledged_by,
            "rate_per_s": self.rate_per_s,
            "pages": list(self.pages),
            "spans_to": self.spans_to,
        }


def exposure(spec: ServiceSpec) -> Exposure:
    door = spec.door
    public, row = door.auth is DoorAuth.NONE, row_of(door.kind, spec.target)
    return Exposure(
        door=f"{row.called} ({door.kind_reason})",
        callers=_callers(door),
        public=public,
        acknowledged_by=door.public_acknowledged_by if public else None,
        rate_per_s=door.rate_per_s if row.throttles else None,
        pages=door.cors,
        spans_to=spans_to(spec),
    )


def _callers(door: Door) -> str:
    url = door.kind is DoorKind.FUNCTION_URL
    action = "lambda:InvokeFunctionUrl" if url else "execute-api:Invoke"
    audience = " or ".join(door.audience)
    return _CALLERS[door.auth].format(action=action, issuer=door.issuer, audience=audience)
