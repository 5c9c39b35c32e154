"""The controller's ports in memory, as strict as AWS: what the simulator breaks on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ladle.disk.alias import Alias, written
from ladle.errors import Conflict, Forbidden, Unavailable
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import AlarmReading, Delivered, Message
from ladle.releases.deploy_log import Deployment, log_changes
from ladle.releases.effects import NewRecord, Record
from ladle.releases.state import ReleaseState
from ladle.values import replace


@dataclass(slots=True)
class MemoryInbox:
    messages: dict[str, dict[str, Delivered]] = field(default_factory=dict)
    taken: dict[str, set[str]] = field(default_factory=dict)

    def post(self, model: str, message_id: str, message: Message, at: float) -> None:
        if message_id not in self.taken.get(model, ()):
            pending = self.messages.setdefault(model, {})
            pending.setdefault(message_id, Delivered(message_id, at, message))

    def pending(self, model: str) -> Sequence[Delivered]:
        waiting = self.messages.get(model)
        return sorted(waiting.values(), key=lambda d: (d.at, d.id)) if waiting else ()

    def take(self, model: str, done: Sequence[str]) -> None:
        for message_id in done:
            self.messages.get(model, {}).pop(message_id, None)
            self.taken.setdefault(model, set()).add(message_id)


@dataclass(slots=True)
class MemoryLedger:
    """One process's memory of any number of models."""

    states: dict[str, ReleaseState] = field(default_factory=dict)
    rows: dict[str, list[Record]] = field(default_factory=dict)
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    log: dict[str, list[Deployment]] = field(default_factory=dict)

    def load(self, model: str) -> ReleaseState:
        return self.states.get(model) or ReleaseState(model)

    def save(
        self,
        state: ReleaseState,
        records: Sequence[NewRecord],
        at: float,
        done: Sequence[str] = (),
    ) -> ReleaseState:
        model = state.model
        if self.load(model).generation != state.generation:
            what = f"another controller wrote {model}'s state first"
            raise Conflict("LD501", what, "read it again")
        self._append(state, records, at)
        self.inbox.take(model, done)
        rows = state.rows + len(records)
        state, deployments = log_changes(state, records, at)
        self.log.setdefault(model, []).extend(deployments)
        self.states[model] = replace(state, generation=state.generation + 1, rows=rows)
        return self.states[model]

    def _append(self, state: ReleaseState, records: Sequence[NewRecord], at: float) -> None:
        rows = self.rows.setdefault(state.model, [])
        for number, r in enumerate(records, state.rows + 1):
            rows.append(Record(f"{state.model}/{number}", at, r.kind, r.release, r.text, r.data))

    def records(self, model: str, since: float = 0.0) -> Sequence[Record]:
        return [r for r in self.rows.get(model, []) if r.at >= since]

    def served(self, model: str, at: float) -> Deployment | None:
        return next((d for d in reversed(self.deployments(model)) if d.at <= at), None)

    def deployments(self, model: str) -> Sequence[Deployment]:
        return self.log.get(model, [])

    def models(self) -> Sequence[str]:
        return sorted({*self.states, *self.inbox.messages})

    def acquire_lease(self, model: str, owner: str, now: float, seconds: float) -> bool:
        holder, until = self.leases.get(model, (owner, now))
        if holder != owner and until >= now:
            return False
        self.leases[model] = (owner, now + seconds)
        return True

    def release_lease(self, model: str, owner: str) -> None:
        if self.leases.get(model, ("", 0.0))[0] == owner:
            del self.leases[model]


@dataclass(slots=True)
class MemoryRouter:
    """One model's alias with its versions; ``broken`` ones exist and start no more since then."""

    alias: Alias | None = None
    versions: set[int] = field(default_factory=set)
    broken: dict[int, float] = field(default_factory=dict)
    permitted: bool = True
    throttled: bool = False

    @property
    def nameable(self) -> set[int]:
        """What can be given shares, be it by somebody at the console."""
        return self.versions

    def publish(self, release: int) -> None:
        self.versions.add(release)
        self.alias = self.alias or Alias(Traffic(release))

    def read(self, model: str) -> ObservedTraffic | None:
        return self.alias.observed() if self.alias else None

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        answered("UpdateAlias", self.permitted, self.throttled)
        self.alias = written(model, self.alias, traffic, expected_revision, self.versions)

    def can_start(self, model: str, release: int) -> bool:
        answered("InvokeFunction", self.permitted)
        return release in self.versions and release not in self.broken

    def delete(self, model: str, release: int) -> None:
        if self.alias is not None and release in self.alias.traffic.weights:
            raise Unavailable("LD504", f"release {release} has traffic", "try again")
        self.versions.discard(release)


def answered(action: str, permitted: bool, throttled: bool = False) -> None:
    """Raises what AWS says instead of an answer; it looks at permissions first."""
    if not permitted:
        what = f"AWS refused: AccessDeniedException {action}"
        raise Forbidden("LD319", what, "give the permission back")
    if throttled:
        raise Unavailable("LD504", f"{action} was throttled", "try again")


@dataclass(slots=True)
class MemoryAlarms:
    """What CloudWatch would say, set from outside."""

    readings: dict[int, AlarmReading] = field(default_factory=dict)

    def native(self, model: str, release: int) -> AlarmReading:
        return self.readings.get(release, AlarmReading(ringing=False, samples=0))


@dataclass(slots=True)
class MemoryAnnouncer:
    said: list[tuple[str, str]] = field(default_factory=list)

    def announce(self, model: str, subject: str, text: str) -> None:
        self.said.append((subject, text))
