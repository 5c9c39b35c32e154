"""The world as a controller sees it, with the watch in front and the traffic noted behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ladle.errors import NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import AlarmReading, LedTo
from ladle.releases.deploy_log import Deployment
from ladle.releases.effects import NewRecord, Record
from ladle.releases.judging import NATIVE_ALARM_SAMPLES
from ladle.releases.state import ReleaseState
from ladle.simulation.homes import MemoryHome, gone
from ladle.simulation.invariants import Violation, Watch
from ladle.simulation.looks import DOOR, Looks, alias_of, start_of
from ladle.simulation.memory import MemoryRouter
from ladle.simulation.world import World


@dataclass(slots=True)
class WatchedRouter:
    """The alias of one home. While requests do not meet it, no write of it moves traffic."""

    world: World
    watch: Watch
    looks: Looks
    base: int = 0

    @property
    def _router(self) -> MemoryRouter:
        return self.world.routers.get(self.base) or gone()

    def read(self, model: str) -> ObservedTraffic | None:
        self.looks.at[alias_of(self.base)] = self.world.now
        return self._router.read(model)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        router, is_met = self._router, self.world.door.base == self.base
        before = router.alias if is_met else None
        is_taken = router.nameable.issuperset(traffic.weights)
        if before is not None and expected_revision == before.revision and is_taken:
            unseen = self.looks.missed(DOOR, self.world.strange_at)
            self.watch.writes(before.traffic, traffic, self.looks, unseen)
        router.write(model, traffic, expected_revision)
        if before is not None and router.alias is not before:
            self.world.note_traffic()
            self.watch.wrote(before.traffic, traffic)

    def can_start(self, model: str, release: int) -> bool:
        self.looks.at[start_of(release)] = self.world.now
        return self._router.can_start(model, release)

    def is_ready(self, model: str, release: int) -> bool:
        home = self._router
        return isinstance(home, MemoryHome) and home.is_ready(model, release)

    def delete(self, model: str, release: int) -> None:
        self.watch.deletes(release)
        self._router.delete(model, release)


@dataclass(slots=True)
class WatchedDoor:
    """Leading it elsewhere gives requests to what the other home's alias reads."""

    world: World
    watch: Watch
    looks: Looks

    def read(self, model: str) -> LedTo | None:
        self.looks.at[DOOR] = self.world.now
        return self.world.door.read(model)

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        door, router = self.world.door, self.world.routers.get(base)
        before, after = self.world.router.alias, router.alias if router else None
        if before is None or after is None:
            raise NotFound("LD505", f"{model} has nothing there", "deploy it")
        if expected_revision == door.revision:
            unseen = self.looks.missed(alias_of(door.base), self.world.strange_at)
            self.watch.writes(before.traffic, after.traffic, self.looks, unseen)
        door.lead(model, base, expected_revision)
        self.world.note_traffic()
        if isinstance(router, MemoryHome) and not router.answers(after.traffic):
            raise Violation(16, f"the door is led to {after.traffic}, which was never up")
        self.watch.wrote(before.traffic, after.traffic)


@dataclass(slots=True)
class WatchedAlarms:
    world: World
    watch: Watch

    def native(self, model: str, release: int) -> AlarmReading:
        reading = self.world.native_alarm(release)
        candidate = self.world.ledger.load(model).candidate
        enough = reading.samples >= NATIVE_ALARM_SAMPLES
        seen = reading.ringing and enough and not self.world.outage
        if candidate is not None and candidate.number == release:
            if seen:
                self.watch.sees_danger(release)
            else:
                self.watch.hears_no_alarm(release)
        return reading


@dataclass(slots=True)
class WatchedLedger:
    world: World
    watch: Watch
    looks: Looks

    def load(self, model: str) -> ReleaseState:
        self.looks.state = self.world.ledger.load(model)
        return self.looks.state

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        before = self.world.ledger.load(state.model)
        if before.generation == state.generation:
            self.watch.saves(before, state, records)
        self.looks.state = self.world.ledger.save(state, records, at, done)
        self.watch.saved()
        return self.looks.state

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        return self.world.ledger.records(model, since)

    def served(self, model: str, at: float) -> Deployment | None:
        return self.world.ledger.served(model, at)

    def deployments(self, model: str) -> Sequence[Deployment]:
        return self.world.ledger.deployments(model)

    def models(self) -> Sequence[str]:
        return self.world.ledger.models()

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool:
        return self.world.ledger.acquire_lease(model, owner, now, seconds)

    def release_lease(self, model: str, owner: str) -> None:
        self.world.ledger.release_lease(model, owner)
