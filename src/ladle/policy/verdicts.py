"""What the evidence says of a candidate, guard by guard: worse, not worse, or not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.policy.rollout import GuardName


class Verdict(StrEnum):
    WORSE = "worse"
    NOT_WORSE = "not worse"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class ArmCounts:
    """What one release was seen to do in the windows that counted.

    ``exposed`` are requests (or labelled requests, for quality), ``events`` the bad ones among
    them; a batch whose rows were labelled one by one is a fraction of an event, so both are floats.
    """

    exposed: float
    events: float

    @property
    def rate(self) -> float | None:
        return self.events / self.exposed if self.exposed else None


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """One guard's reading. ``log_e`` is in nats, a running maximum over windows.

    ``alive`` says that this guard has received data of both arms, without which nothing is promoted.
    ``needs`` is about how many more requests of the candidate the verdict wants, None if unknown.
    """

    guard: GuardName
    verdict: Verdict
    log_e: float
    stable: ArmCounts
    candidate: ArmCounts
    alive: bool
    needs: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "guard": self.guard,
            "verdict": self.verdict,
            "log_e": self.log_e,
            "stable": {"exposed": self.stable.exposed, "events": self.stable.events},
            "candidate": {"exposed": self.candidate.exposed, "events": self.candidate.events},
            "alive": self.alive,
            "needs": self.needs,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a decision may know of two releases that served side by side since ``since``.

    ``left_out`` are sources whose labels cover the two unequally, named as in ``labels.sources``; empty
    text stands for labels that belong to none of them.
    """

    stable_release: int
    candidate_release: int
    since: float
    candidate_requests: int
    candidate_labels: int
    log_e: float
    log_e_limit: float
    guards: tuple[GuardVerdict, ...]
    left_out: tuple[str, ...] = ()

    @property
    def worst(self) -> GuardVerdict | None:
        """The guard that says WORSE with the most evidence; None when no guard does."""
        worse = [g for g in self.guards if g.verdict is Verdict.WORSE]
        return max(worse, key=lambda g: g.log_e, default=None)

    @property
    def all_alive(self) -> bool:
        return all(g.alive for g in self.guards)

    @property
    def all_not_worse(self) -> bool:
        return all(g.verdict is Verdict.NOT_WORSE for g in self.guards)

    def to_json(self) -> dict[str, Any]:
        """By hand: each look of a controller writes it, and ``asdict`` takes ten times as long."""
        return {
            "stable_release": self.stable_release,
            "candidate_release": self.candidate_release,
            "since": self.since,
            "candidate_requests": self.candidate_requests,
            "candidate_labels": self.candidate_labels,
            "log_e": self.log_e,
            "log_e_limit": self.log_e_limit,
            "guards": tuple(g.to_json() for g in self.guards),
            "left_out": self.left_out,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evidence:
        guards = tuple(
            GuardVerdict(
                guard=GuardName(g["guard"]),
                verdict=Verdict(g["verdict"]),
                log_e=g["log_e"],
                stable=ArmCounts(**g["stable"]),
                candidate=ArmCounts(**g["candidate"]),
                alive=g["alive"],
                needs=g["needs"],
            )
            for g in data["guards"]
        )
        return cls(**{**data, "guards": guards, "left_out": tuple(data.get("left_out", ()))})
