"""A rollout is played on a simulated clock by the code that decides in production.

Only the world is made up: requests, their answers and labels are drawn from a seed. The ledger, the
inbox and the alias are the ports in memory, and ``advance_release`` with ``read_evidence`` is what the
controller runs.
"""

from __future__ import annotations

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field

from ladle.actions.advance_release import advance_release
from ladle.actions.controls import Controls
from ladle.actions.judge_quality import read_evidence
from ladle.actions.watch_late import LateWatch
from ladle.actions.watch_quarantine import QuarantineWatch
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.verdicts import Evidence
from ladle.ports import AlarmReading
from ladle.quality.counts import Counts, WindowKey, window_start
from ladle.quality.running import RunningJudge
from ladle.releases.effects import Record
from ladle.releases.events import Ask, CandidateReady, PersonAsked
from ladle.releases.state import Release, ReleaseState
from ladle.simulation.memory import MemoryAlarms, MemoryAnnouncer, MemoryLedger, MemoryRouter
from ladle.simulation.requests import LabelsOnTheWay, MemoryCounters, answers, some
from ladle.simulation.scenario import Moment, Scenario, moment
from ladle.simulation.streams import poisson

WAKE_S = 60.0  # the controller's rule; alarms wake it between, which a step of a minute cannot show
BEFORE_S = 3600.0  # the stable release serves alone, and shows what is slow
LATER_S = 3600.0  # between one candidate's end and the next
ORIGIN_S = 1_800_000_000.0  # on the clock; times before it are those of the stable release alone
STABLE = 1
_OVER = (Phase.STABLE, Phase.FROZEN, Phase.DEGRADED, Phase.PAUSED)


@dataclass(slots=True)
class RehearsalClock:
    seconds: float = ORIGIN_S - BEFORE_S

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """A second more or less of the controller's patience does not move the traffic."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A row of history, with what the candidates had served by then and the evidence on the newest."""

    record: Record
    candidate_requests: int
    log_e: float


@dataclass(slots=True)
class Served:
    """What the candidates together did: ``bad`` requests went to one while it was worse."""

    requests: int = 0
    failed: int = 0
    bad: int = 0


@dataclass(slots=True)
class Rehearsal:
    """``expected_per_s`` is the model's own traffic. Time 0 is the hand-over of the candidate."""

    model: str
    policy: RolloutPolicy
    scenario: Scenario
    expected_per_s: float
    seed: int
    clock: RehearsalClock = field(default_factory=RehearsalClock)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    router: MemoryRouter = field(default_factory=MemoryRouter)
    alarms: MemoryAlarms = field(default_factory=MemoryAlarms)
    counters: MemoryCounters = field(default_factory=MemoryCounters)
    served: Served = field(default_factory=Served)
    marks: list[Mark] = field(default_factory=list)
    evidence: Evidence | None = None
    newest: int = STABLE
    _judge: RunningJudge = field(default_factory=RunningJudge)
    _late: LateWatch = field(init=False)
    _doubts: QuarantineWatch = field(init=False)
    _recent: dict[int, deque[Counts]] = field(init=False)
    _draws: random.Random = field(init=False)
    _labels: LabelsOnTheWay = field(init=False)
    _step: int = 0

    def __post_init__(self) -> None:
        steps_a_minute = max(1, round(WAKE_S / self.step_s))
        self._draws = random.Random(self.seed)
        self._late = LateWatch(self.counters, self.ledger)
        self._doubts = QuarantineWatch(self.counters, self.ledger)
        self._labels = LabelsOnTheWay(self._draws, self.step_s, self.policy.is_numeric)
        self._recent = defaultdict(lambda: deque(maxlen=steps_a_minute))

    @property
    def step_s(self) -> float:
        return min(max(self.policy.window_s, 1.0), WAKE_S)

    @property
    def elapsed_s(self) -> float:
        """Since the candidate was handed over."""
        return self.clock.now() - ORIGIN_S

    @property
    def state(self) -> ReleaseState:
        return self.ledger.load(self.model)

    def play(self) -> None:
        """To the end of the scenario, or until nothing is left to be decided."""
        self._prove_the_stable()
        lasts = self.scenario.lasts or self._longest_s
        self._hand_over()
        decided_at: float | None = None
        while self.elapsed_s < lasts:
            self._pass_step()
            if not self._is_decided():
                decided_at = None
            elif self.newest == STABLE + self.scenario.candidates:
                if self.scenario.lasts is None:
                    return
            elif decided_at is None:
                decided_at = self.elapsed_s
            elif self.elapsed_s - decided_at >= LATER_S:
                self._hand_over()
                decided_at = None

    @property
    def _longest_s(self) -> float:
        each = self.policy.max_s + self.policy.holdback_s + LATER_S
        return each * self.scenario.candidates

    def _prove_the_stable(self) -> None:
        """A person vouches for the first release, as for one that has served for long."""
        self._post(CandidateReady(self._release(STABLE)))
        self._advance()
        vouched = PersonAsked(Ask.PROMOTE, by="the rehearsal", reason="it has served for long")
        self._post(vouched)
        self._advance()
        while self.elapsed_s < 0:
            self._pass_step()

    def _hand_over(self) -> None:
        self.newest += 1
        self._post(CandidateReady(self._release(self.newest)))
        self._advance()

    def _release(self, number: int) -> Release:
        self.router.publish(number)
        return Release(
            number, f"release-{number}", f"model-{number}", None, self.clock.now(), self.policy
        )

    def _post(self, message: CandidateReady | PersonAsked) -> None:
        message_id = f"{self.clock.now()}-{type(message).__name__}"
        self.ledger.inbox.post(self.model, message_id, message, self.clock.now())

    def _is_decided(self) -> bool:
        state = self.state
        status = state.statuses.get(self.newest)
        waits = status in (ReleaseStatus.CANARY, ReleaseStatus.HOLDBACK)
        if state.phase is Phase.PAUSED:  # of evidence that did not come, more may still come
            return self.elapsed_s >= self.policy.max_s + LATER_S
        return state.phase in _OVER and state.intent is None and not waits

    def _pass_step(self) -> None:
        begins = self.clock.now()
        now = moment(self.scenario, self.elapsed_s, self.expected_per_s)
        start = window_start(begins, self.policy.window_s)
        for release, n in self._dealt(now):
            self._serve(WindowKey(self.model, release, start), n, now)
        for key, counts in self._labels.arriving(self._step).items():
            self.counters.put(key, counts)
        self._roll_back_others(now.others_rolled_back)
        self._step += 1
        self.clock.seconds = begins + self.step_s
        self._ring()
        if self.policy.window_s < WAKE_S or self.clock.now() % WAKE_S == 0:
            self._advance()

    def _roll_back_others(self, models: int) -> None:
        for number in range(models):
            other = ReleaseState(f"other-{number}", rollback_times=(self.clock.now(),))
            self.ledger.states[other.model] = other

    def _dealt(self, now: Moment) -> list[tuple[int, int]]:
        """Requests of this step to each release, as chance deals them by the alias's weights."""
        alias = self.router.alias
        if alias is None:
            return []
        traffic = alias.traffic
        n = poisson(self._draws, now.requests_per_s * self.step_s)
        if traffic.canary is None:
            return [(traffic.main, n)]
        canary = some(self._draws, n, traffic.canary_weight)
        return [(traffic.main, n - canary), (traffic.canary, canary)]

    def _serve(self, key: WindowKey, n: int, now: Moment) -> None:
        truth = now.stable if key.release == STABLE else now.candidate
        counts = answers(self._draws, n, truth)
        self._recent[key.release].append(counts)
        if n:
            self.counters.put(key, counts)
        answered = n - counts.failed
        wrong = some(self._draws, answered, truth.wrong)
        if self.policy.labels_expected:
            self._labels.send(key, self._step, wrong, answered - wrong, self.scenario.labels)
        if key.release != STABLE:
            self.served.requests += n
            self.served.failed += counts.failed
            self.served.bad += n if now.candidate.is_worse_than(now.stable) else 0

    def _ring(self) -> None:
        """Lambda's own alarm: at least half of the last minute's invocations failed."""
        for release, steps in self._recent.items():
            n, failed = sum(c.requests for c in steps), sum(c.failed for c in steps)
            self.alarms.readings[release] = AlarmReading(n > 0 and 2 * failed >= n, n)

    def _advance(self) -> None:
        controls = Controls(
            ledger=self.ledger,
            inbox=self.ledger.inbox,
            traffic=self.router,
            alarms=self.alarms,
            announcer=MemoryAnnouncer(),
            clock=self.clock,
            judge=self._evidence,
            late=self._late,
            doubts=self._doubts,
        )
        advance_release(self.model, controls, "rehearsal")
        log_e = self.evidence.log_e if self.evidence else 0.0
        for row in self.ledger.records(self.model)[len(self.marks) :]:
            self.marks.append(Mark(row, self.served.requests, log_e))

    def _evidence(self, state: ReleaseState, now: float) -> Evidence | None:
        evidence = read_evidence(self.counters, state, now, self._judge.judge)
        if evidence is not None and evidence.guards:
            self.evidence = evidence
        return evidence
