"""What a team allows to be stopped for its cost: who signed for it, and how long people are warned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StopPolicy:
    """``capped``: a budget is read; ``idle_ttl_s``: silence is, None where nobody asked for that."""

    signed_by: str
    grace_s: float
    capped: bool = False
    idle_ttl_s: float | None = None


@dataclass(frozen=True, slots=True)
class Overrun:
    """A ceiling that is passed. ``key`` names this one occasion: the next month, the next silence is
    another, and what a person has waived stays waived for one only.
    """

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class StopNotice:
    """People were told; ``due_at`` in UTC epoch seconds."""

    overrun: Overrun
    due_at: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StopNotice:
        return cls(Overrun(**data["overrun"]), data["due_at"])
