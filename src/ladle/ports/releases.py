"""What the controller asks of the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import NewRecord, Record
from ladle.releases.events import CandidateReady, CandidateWithdrawn, PersonAsked
from ladle.releases.state import ReleaseState


class ReleaseLedger(Protocol):
    """The controller's memory: one state per model and the rows that explain each change."""

    def load(self, model: str) -> ReleaseState:
        """An EMPTY state of generation 0 when nothing is known. Strongly consistent."""

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        """Writes state, rows and the removal of the inbox messages ``done`` in one transaction; where
        the rows say that the alias changed, the deploy log with them.

        ``state.generation`` is the one that was read; the stored one is one higher. Raises Conflict
        when another writer was first.
        """

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        """Oldest first."""

    def served(self, model: str, at: float) -> Deployment | None:
        """The newest row of the deploy log at ``at``: one query."""

    def deployments(self, model: str) -> Sequence[Deployment]:
        """The whole deploy log, oldest first."""

    def models(self) -> Sequence[str]: ...

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool: ...

    def release_lease(self, model: str, owner: str) -> None: ...


Message = CandidateReady | CandidateWithdrawn | PersonAsked


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message of the inbox; posted twice under one id it is delivered once."""

    id: str
    at: float
    message: Message


class ReleaseInbox(Protocol):
    """Where the hand-off and people leave what the controller must read. Writing it wakes the controller."""

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        """Idempotent by ``message_id``."""

    def pending(self, model: str) -> Sequence[Delivered]:
        """Oldest first."""


class TrafficRouter(Protocol):
    """The one place where shares of traffic are written."""

    def read(self, model: str) -> ObservedTraffic | None:
        """None where nothing has traffic. Raises NotFound where what has some will not serve by itself."""

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Raises Conflict when the revision is no longer the expected one, Unavailable to try again."""

    def can_start(self, model: str, release: int) -> bool:
        """Whether this release answers a warm probe; a rollback never goes to one that cannot."""

    def delete(self, model: str, release: int) -> None:
        """Deletes a retired release's version. Idempotent."""


class HomeRouter(TrafficRouter, Protocol):
    """Shares of traffic within one home of a model, with what serves there."""

    def is_ready(self, model: str, release: int) -> bool:
        """Whether it answers now; False while it starts. Raises NotFound for one that never will."""

    def settle(self, model: str, traffic: Traffic) -> None:
        """Lets go of what runs without a share of ``traffic``."""

    def switch(self, model: str, on: bool) -> None:
        """Stops all that serves, or starts it again. Raises LD519 where it cannot be stopped."""

    def switched(self, model: str, on: bool) -> bool:
        """Whether it is so; what cannot be switched is as it should be."""


@dataclass(frozen=True, slots=True)
class LedTo:
    """Which home a door leads to; None where it leads to nothing of ours. ``ready`` are the bases of
    homes that it could lead to: all that a home needs behind the door is there.
    """

    base: int | None
    ready: frozenset[int]
    revision: str


class FrontDoor(Protocol):
    """What sends a moving model's requests to one of its homes. The controller alone writes it."""

    def read(self, model: str) -> LedTo | None:
        """None where there is no door, or none that can be led elsewhere."""

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        """One write. Raises Conflict when the revision is no longer the expected one, NotFound when the
        door cannot lead there, Unavailable to try again.
        """


@dataclass(frozen=True, slots=True)
class AlarmReading:
    ringing: bool
    samples: int


class AlarmReader(Protocol):
    def native(self, model: str, release: int) -> AlarmReading:
        """The alarm on one release's invocation errors, and how many invocations it saw."""


@dataclass(frozen=True, slots=True)
class Spent:
    """In this month, and what the month's budget is."""

    usd: float
    cap_usd: float


class CeilingReader(Protocol):
    def spent(self, model: str) -> Spent | None:
        """None where the model has no budget."""

    def idle_since(self, model: str) -> float | None:
        """UTC epoch seconds at which its idle alarm began to ring; None while it does not."""


class Announcer(Protocol):
    def announce(self, model: str, subject: str, text: str) -> None: ...
