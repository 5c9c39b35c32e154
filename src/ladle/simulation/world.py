"""One model on a simulated clock: what is true of its releases, and who wants what when."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
from ladle.policy.stopping import Overrun
from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import ArmCounts, Evidence, GuardVerdict, Verdict
from ladle.ports import AlarmReading
from ladle.releases.events import CandidateReady, LateRegression, QuarantineDoubted
from ladle.releases.homes import Homes
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.homes import MemoryDoor, MemoryHome, nowhere
from ladle.simulation.memory import MemoryAnnouncer, MemoryLedger, MemoryRouter

MODEL = "m"
DETECTED_AFTER = 60  # requests of a worse candidate until its evidence crosses the limit
ALARM_PERIOD_S = 60.0
NORMAL = {GuardName.FAILURES: 0.01, GuardName.ACCURACY: 0.15}  # rates of a healthy release
ALARM_REMEMBERED_S = 240.0  # so long a reader still sees that it rang


class Truth(StrEnum):
    """What a release really is."""

    HEALTHY = "healthy"
    WRONG = "wrong"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` on the alias split ``requests_per_s`` so; until the next stretch."""

    since: float
    traffic: Traffic | None
    requests_per_s: float


@dataclass(slots=True)
class World:
    """``later`` is the agenda: what happens by itself while somebody else waits or works. ``routers`` are
    those of the model's homes by their bases: one, unless it ``moves``. ``strange_at`` is when somebody
    else last wrote an alias or the door.
    """

    now: float = 1_000_000.0
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    routers: dict[int | None, MemoryRouter] = field(default_factory=lambda: {0: MemoryRouter()})
    door: MemoryDoor = field(default_factory=MemoryDoor)
    moves: bool = False
    strange_at: float = 0.0
    announcer: MemoryAnnouncer = field(default_factory=MemoryAnnouncer)
    truths: dict[int, Truth] = field(default_factory=dict)
    stretches: list[Stretch] = field(default_factory=list)
    requests_per_s: float = 5.0
    labels_come: bool = True
    outage: bool = False
    serving: bool = True
    overrun: Overrun | None = None
    cleared: bool = False
    regressed: dict[int, LateRegression] = field(default_factory=dict)
    agenda: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _told: tuple[ReleaseState, Homes] | None = None
    _order: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def router(self) -> MemoryRouter:
        """Whose shares requests meet."""
        return self.routers[self.door.base]

    @property
    def versions(self) -> set[int]:
        """In all homes."""
        return set().union(*(router.versions for router in self.routers.values()))

    def broken_at(self, release: int) -> float | None:
        """Since when it starts no more."""
        found = (router.broken.get(release) for router in self.routers.values())
        return next((at for at in found if at is not None), None)

    def homes(self, state: ReleaseState) -> Homes:
        """As the ledger tells them, and before it knows of any the inbox. Most looks find what the last one
        found.
        """
        if not state.releases:
            sent = (delivered.message for delivered in self.ledger.inbox.pending(state.model))
            on_the_way = (m.release for m in sent if isinstance(m, CandidateReady))
            return Homes.told_by(state, tuple(on_the_way))
        if self._told is None or self._told[0] is not state:
            self._told = state, Homes.told_by(state)
        return self._told[1]

    def let_move(self) -> None:
        """Its traffic is one of a door and the homes behind it."""
        self.moves = True
        self.routers = {None: nowhere(), 0: MemoryHome(now=lambda: self.now)}

    def permit(self, permitted: bool) -> None:
        self.door.permitted = permitted
        for router in self.routers.values():
            router.permitted = permitted

    def throttle(self, throttled: bool) -> None:
        self.door.throttled = throttled
        for router in self.routers.values():
            router.throttled = throttled

    def later(self, seconds: float, what: Callable[[], object]) -> None:
        heapq.heappush(self.agenda, (self.now + seconds, next(self._order), what))

    def pass_time(self, seconds: float) -> None:
        """Time passes, and what was due in it happens; an action may itself take time."""
        until, agenda = self.now + seconds, self.agenda
        while agenda and agenda[0][0] <= until:
            at, _, what = heapq.heappop(agenda)
            self.now = max(self.now, at)
            what()
        if until > self.now:
            self.now = until

    def note_traffic(self) -> None:
        """Begins a new stretch; called whenever the alias or the load may have changed."""
        traffic = self.router.alias.traffic if self.router.alias else None
        if not self.stretches or self.stretches[-1].since < self.now:
            self.stretches.append(Stretch(self.now, traffic, self.requests_per_s))
        else:
            self.stretches[-1] = Stretch(self.now, traffic, self.requests_per_s)

    def requests(self, release: int, since: float, until: float | None = None) -> float:
        """Requests that this release answered from ``since`` until now, or until then."""
        seen, until = 0.0, self.now if until is None else until
        for stretch in reversed(self.stretches):
            begin = max(stretch.since, since)
            if stretch.traffic is not None and until > begin:
                share = stretch.traffic.weights.get(release, 0.0)
                seen += (until - begin) * stretch.requests_per_s * share
            until = min(until, stretch.since)
            if stretch.since <= since:
                break
        return seen

    def late(self, state: ReleaseState) -> LateRegression | None:
        """What the labels say after the promotion."""
        stable = state.stable
        return self.regressed.get(stable.number) if stable is not None else None

    def doubts(self, state: ReleaseState) -> QuarantineDoubted | None:
        """What labels that came since say of the newest rollback."""
        if not self.cleared or not state.quarantine:
            return None
        return QuarantineDoubted(state.quarantine[-1].digest, "it is not worse after all", {})

    def judge(self, state: ReleaseState, now: float) -> Evidence | None:
        """What the counters say; None while nobody is on trial or nothing came."""
        trial = state.on_trial
        rival = state.stable
        if trial is None or rival is None or state.intent is not None:
            return None
        since = state.evidence_since
        requests = self.requests(trial.number, since)
        if requests < 1:
            return None
        labels = requests if self.labels_come else 0.0
        guards = () if state.phase is Phase.BASELINE else self._guards(trial, rival, since, labels)
        return Evidence(
            stable_release=rival.number,
            candidate_release=trial.number,
            since=since,
            candidate_requests=int(requests),
            candidate_labels=int(labels),
            log_e=max((g.log_e for g in guards), default=0.0),
            log_e_limit=trial.policy.log_e_limit,
            guards=guards,
        )

    def _guards(
        self, trial: Release, rival: Release, since: float, labels: float
    ) -> tuple[GuardVerdict, ...]:
        requests = self.requests(trial.number, since)
        others = self.requests(rival.number, since)
        truth = self.truths.get(trial.number, Truth.HEALTHY)
        worse = {
            GuardName.FAILURES: truth is Truth.FAILING and requests >= DETECTED_AFTER,
            GuardName.ACCURACY: truth is Truth.WRONG and labels >= DETECTED_AFTER,
        }
        exposed = {GuardName.FAILURES: requests, GuardName.ACCURACY: labels}
        return tuple(
            GuardVerdict(
                guard=guard.name,
                verdict=_verdict(worse[guard.name], exposed[guard.name]),
                log_e=5.0 if worse[guard.name] else 0.1,
                stable=ArmCounts(others, NORMAL[guard.name] * others),
                candidate=ArmCounts(exposed[guard.name], 0.3 * exposed[guard.name]),
                alive=exposed[guard.name] > 0 and others > 0,
            )
            for guard in trial.policy.active_guards
        )

    def native_alarm(self, release: int) -> AlarmReading:
        """By the last full minute, Lambda's own alarm rings on a failing release, and clears later; in an
        outage on any.
        """
        minute = self.now - self.now % ALARM_PERIOD_S
        recent = self.requests(release, minute - ALARM_REMEMBERED_S, minute)
        failing = self.outage or self.truths.get(release) is Truth.FAILING
        ringing = failing and recent >= 1
        return AlarmReading(ringing, int(recent))


def _verdict(worse: bool, exposed: float) -> Verdict:
    if worse:
        return Verdict.WORSE
    return Verdict.NOT_WORSE if exposed > 2 * DETECTED_AFTER else Verdict.INCONCLUSIVE
