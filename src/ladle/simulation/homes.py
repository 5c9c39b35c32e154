"""The homes of a model that moves, in memory: machines that take minutes, behind a door that takes one write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ladle.disk.alias import Alias
from ladle.errors import Conflict, NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import LedTo
from ladle.simulation.memory import MemoryRouter, answered
from ladle.values import replace

NOWHERE = Traffic(0)  # what requests reach through a door that leads to nothing of ours


@dataclass(slots=True)
class MemoryHome(MemoryRouter):
    """A release takes ``starts_in_s`` from when it is first to get a share; what is up stays up. Of the
    ``doomed`` no machine ever passes its first health check: that is known once it could have.
    """

    now: Callable[[], float] = field(kw_only=True)
    starts_in_s: float = 0.0
    up_at: dict[int, float] = field(default_factory=dict)
    doomed: set[int] = field(default_factory=set)

    @property
    def nameable(self) -> set[int]:
        return self.versions - self.doomed

    def publish(self, release: int) -> None:
        """A deploy replaces what failed before anything in it was up."""
        if self.alias is None or self._failed:
            self.up_at[release] = self.now() + self.starts_in_s
            self.alias = None
        super(MemoryHome, self).publish(release)

    def read(self, model: str) -> ObservedTraffic | None:
        """As of an endpoint of SageMaker's: where its very first release failed, it is good for nothing."""
        if self.alias is None:
            return None
        if self._failed:
            raise NotFound("LD506", "the endpoint is Failed", "look at its log")
        settled = all(at <= self.now() for at in self.up_at.values())
        return replace(self.alias.observed(), settled=settled)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Returns while machines start: written again, it is taken when they are up."""
        answered("UpdateAlias", self.permitted, self.throttled)
        ours = self.alias is not None and expected_revision == self.alias.revision
        if ours and self.versions.issuperset(traffic.weights):
            for release in traffic.weights:
                self.up_at.setdefault(release, self.now() + self.starts_in_s)
            if any(self.up_at[release] > self.now() for release in traffic.weights):
                return
            for release in self.doomed.intersection(traffic.weights):
                raise _never_starts(release)
        super(MemoryHome, self).write(model, traffic, expected_revision)

    def can_start(self, model: str, release: int) -> bool:
        """What was never tried is taken at its word."""
        return super(MemoryHome, self).can_start(model, release) and not self._is_down(release)

    def is_ready(self, model: str, release: int) -> bool:
        if not self.can_start(model, release):
            raise _never_starts(release)
        return self.up_at.get(release, self.now()) <= self.now()

    def answers(self, traffic: Traffic) -> bool:
        """Whether all of it ever came up."""
        return all(
            self.up_at.get(release, self.now()) <= self.now() and release not in self.doomed
            for release in traffic.weights
        )

    @property
    def _failed(self) -> bool:
        return self.alias is not None and self._is_down(self.alias.traffic.main)

    def _is_down(self, release: int) -> bool:
        return release in self.doomed and self.up_at.get(release, self.now() + 1) <= self.now()


def _never_starts(release: int) -> NotFound:
    return NotFound("LD505", f"release {release} does not start", "look at its log")


@dataclass(slots=True)
class MemoryDoor:
    """An integration that the controller leads. Where it leads is seen by the samples that a deploy makes
    of the homes that are ``ready``; before it ``is_there`` it cannot be told from other resources.
    """

    base: int | None = 0
    ready: frozenset[int] = frozenset()
    writes: int = 1
    is_there: bool = True
    is_strange: bool = False
    permitted: bool = True
    throttled: bool = False

    @property
    def revision(self) -> str:
        return f"door-{self.writes}"

    def read(self, model: str) -> LedTo | None:
        if not self.is_there:
            return None
        return LedTo(self.base if self.base in self.ready else None, self.ready, self.revision)

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        answered("UpdateIntegration", self.permitted, self.throttled)
        if expected_revision != self.revision:
            raise Conflict(
                "LD503", f"the door of {model} changed since it was read", "read it again"
            )
        if base not in self.ready:
            raise NotFound("LD505", f"the door of {model} cannot lead to {base}", "deploy it")
        self.leads_to(base)

    def leads_to(self, base: int | None, is_strange: bool = False) -> None:
        """``is_strange``: by somebody at the console."""
        self.base, self.writes, self.is_strange = base, self.writes + 1, is_strange


def nowhere() -> MemoryRouter:
    """What is behind a door that leads to nothing of ours."""
    return MemoryRouter(Alias(NOWHERE))


def gone() -> MemoryRouter:
    """What is left of a home whose resources are deleted."""
    return MemoryRouter()
