"""Where a model's releases are. A value: only ``decide`` makes the next one, only the ledger keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ladle.catalog import Packaging, Target
from ladle.policy.lock import Home, Lock, Runtime
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase, QuarantineScope, ReleaseStatus
from ladle.policy.stopping import StopNotice
from ladle.policy.traffic import Traffic
from ladle.releases.intent import Intent
from ladle.releases.outbox import Effect, effect_from_json, effect_to_json


@dataclass(frozen=True, slots=True)
class Release:
    """One published version. ``number`` is the version's; ``policy`` is the newest handed over.

    Rows that name no ``target`` were written when there was none but Lambda, those without
    ``packaging`` and ``runtime`` before either was kept. ``grants`` are what it needs to start beside
    what every release of its model may; nobody here reads them. ``base`` is that of its home.
    """

    number: int
    release_digest: str
    model_digest: str
    experiment_id: str | None
    requested_at: float
    policy: RolloutPolicy
    target: Target = Target.LAMBDA
    packaging: Packaging | None = None
    runtime: Runtime | None = None
    grants: tuple[str, ...] = ()
    base: int = 0

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)

    @property
    def lock(self) -> Lock | None:
        """What later releases keep of this one, where it is known."""
        if self.packaging is None:
            return None
        return Lock(self.target, self.packaging, self.runtime, base=self.base)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Release:
        packaging, runtime = data.get("packaging"), data.get("runtime")
        return cls(
            **{
                **data,
                "policy": RolloutPolicy.from_json(data["policy"]),
                "target": Target(data.get("target", Target.LAMBDA)),
                "packaging": packaging and Packaging(packaging),
                "runtime": runtime and Runtime(**runtime),
                "grants": tuple(data.get("grants", ())),
            }
        )


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A digest that never gains weight again without a recorded lift; ``doubt`` is what labels that came
    later say instead of the reason.
    """

    scope: QuarantineScope
    digest: str
    release: int
    at: float
    reason: str
    log_e: float | None
    doubt: str | None = None

    @property
    def because(self) -> str:
        """The reason, and what speaks against it since."""
        return self.reason if self.doubt is None else f"{self.reason}; but {self.doubt}"

    def names(self, release: Release) -> bool:
        """Whether this entry forbids ``release``."""
        of = {
            QuarantineScope.MODEL: release.model_digest,
            QuarantineScope.RELEASE: release.release_digest,
        }
        return of[self.scope] == self.digest


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where a model that is stopped for its cost goes on when a person starts it again."""

    phase: Phase
    phase_since: float
    reason: str


@dataclass(frozen=True, slots=True)
class LogHead:
    """The last row of the deploy log; see ``releases.deploy_log``."""

    sequence: int
    hash: str
    at: float
    alias: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """All that the controller knows of a model. ``generation`` grows by one with every write.

    ``good`` are the proven releases, the one that serves or served last at the end; a rollback goes
    to the last of them. ``handed_over`` is the release digest of the newest hand-off, whatever
    became of it. All times are UTC epoch seconds: ``phase_since`` is when the phase's traffic was
    confirmed, ``evidence_since`` when the release on trial first got traffic (it outlives the step
    from CANARY to HOLDBACK: one rollout has one evidence). ``traffic`` is what the alias should
    read, ``foreign`` what it reads instead while FROZEN, ``overtaken`` what was given up and may be
    written yet by a controller that sleeps. ``paused_from`` is the phase that a pause or a freeze interrupted, ``paused_by`` the person; a pause without one is inconclusive evidence, or
    a rollback ``held_since`` then. ``blocked`` says why AWS would refuse to move traffic,
    ``incident`` what became worse since the traffic last moved. ``stop_notice`` is a stop that people
    were told of, ``stop_waived`` the overrun that a person let pass.
    ``switched_at`` is when it was last decided to stop or to start it, ``switch_taken_at`` when AWS
    last took such a decision, ``switched_elsewhere`` that somebody else did since. ``left`` are the
    bases of homes that a person let go of.
    ``outbox`` is decided and not done yet; ``rows`` counts the rows of history, ``deployed`` is the
    newest row of the deploy log.
    """

    model: str
    generation: int = 0
    phase: Phase = Phase.EMPTY
    phase_since: float = 0.0
    evidence_since: float = 0.0
    stable: Release | None = None
    candidate: Release | None = None
    waiting: tuple[Release, ...] = ()
    good: tuple[Release, ...] = ()
    releases: tuple[Release, ...] = ()
    statuses: Mapping[int, ReleaseStatus] = field(default_factory=dict)
    quarantine: tuple[Quarantined, ...] = ()
    intent: Intent | None = None
    traffic: Traffic | None = None
    foreign: Traffic | None = None
    overtaken: tuple[Traffic, ...] = ()
    handed_over: str | None = None
    handed_over_at: float = 0.0
    rollback_times: tuple[float, ...] = ()
    reason: str = ""
    paused_from: Phase | None = None
    paused_by: str | None = None
    held_since: float | None = None
    blocked: str | None = None
    incident: str | None = None
    stopped: Stopped | None = None
    stop_notice: StopNotice | None = None
    stop_waived: str | None = None
    switched_at: float = 0.0
    switch_taken_at: float = 0.0
    switched_elsewhere: bool = False
    left: tuple[int, ...] = ()
    outbox: tuple[Effect, ...] = ()
    rows: int = 0
    deployed: LogHead | None = None

    @property
    def startable(self) -> tuple[Release, ...]:
        """What may get traffic again, and so must be able to start: proven, serving, tried, waiting."""
        named = (*self.good, self.stable, self.candidate, *self.waiting)
        return tuple({r.number: r for r in named if r is not None}.values())

    @property
    def the_stable(self) -> Release:
        """The stable release of a phase that has one."""
        return _present(self.stable, self, "stable release")

    @property
    def the_candidate(self) -> Release:
        """The candidate of a phase that has one."""
        return _present(self.candidate, self, "candidate")

    @property
    def on_trial(self) -> Release | None:
        """The release that evidence is about: the candidate, or a first release in its bake."""
        below = self.stopped.phase if self.stopped else self.phase
        phase = self.paused_from if below is Phase.PAUSED else below
        return self.stable if phase is Phase.BASELINE else self.candidate

    @property
    def homes(self) -> frozenset[Home]:
        """Of all that may get traffic again: two while a model moves."""
        return frozenset(release.home for release in self.startable)

    @property
    def target(self) -> Target | None:
        """Where its newest release runs; None before the first."""
        newest = max(self.releases, key=lambda r: r.number, default=None)
        return newest.target if newest else None

    def release(self, number: int) -> Release | None:
        """The retained release of this number."""
        return next((r for r in self.releases if r.number == number), None)

    def quarantined(self, release: Release) -> Quarantined | None:
        """The entry that forbids ``release``, or None."""
        return next((q for q in self.quarantine if q.names(release)), None)

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["statuses"] = {str(n): status for n, status in self.statuses.items()}
        data["outbox"] = [effect_to_json(effect) for effect in self.outbox]
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ReleaseState:
        return cls(
            **{
                **data,
                "phase": Phase(data["phase"]),
                "stable": _release(data["stable"]),
                "candidate": _release(data["candidate"]),
                "waiting": _releases(data["waiting"]),
                "good": _releases(data["good"]),
                "releases": _releases(data["releases"]),
                "statuses": {int(n): ReleaseStatus(s) for n, s in data["statuses"].items()},
                "quarantine": tuple(
                    Quarantined(**{**q, "scope": QuarantineScope(q["scope"])})
                    for q in data["quarantine"]
                ),
                "intent": data["intent"] and Intent.from_json(data["intent"]),
                "traffic": data["traffic"] and Traffic(**data["traffic"]),
                "foreign": data["foreign"] and Traffic(**data["foreign"]),
                "overtaken": _overtaken(data["overtaken"]),
                "rollback_times": tuple(data["rollback_times"]),
                "paused_from": data["paused_from"] and Phase(data["paused_from"]),
                "stopped": _stopped(data.get("stopped")),
                "stop_notice": (notice := data.get("stop_notice")) and StopNotice.from_json(notice),
                "left": tuple(data.get("left", ())),
                "outbox": tuple(effect_from_json(effect) for effect in data["outbox"]),
                "deployed": data["deployed"] and LogHead(**data["deployed"]),
            }
        )


def _present(release: Release | None, state: ReleaseState, what: str) -> Release:
    if release is None:
        raise ValueError(f"{state.model} is in {state.phase} without a {what}")
    return release


def _release(data: Mapping[str, Any] | None) -> Release | None:
    return Release.from_json(data) if data else None


def _releases(rows: Any) -> tuple[Release, ...]:
    return tuple(Release.from_json(row) for row in rows)


def _overtaken(data: Any) -> tuple[Traffic, ...]:
    """One or none in what was written when a single one was kept."""
    given_up = [data] if isinstance(data, Mapping) else data or ()
    return tuple(Traffic(**each) for each in given_up)


def _stopped(data: Mapping[str, Any] | None) -> Stopped | None:
    return None if data is None else Stopped(**{**data, "phase": Phase(data["phase"])})
