"""Releases and the stories that they pass through, as tests tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ladle.catalog import Packaging, Target
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.policy.verdicts import ArmCounts, Evidence, GuardVerdict, Verdict
from ladle.releases.decide import decide
from ladle.releases.effects import Decision, NewRecord, RecordKind
from ladle.releases.events import (
    Ask,
    CandidateReady,
    Event,
    EvidenceRead,
    IntentDone,
    PersonAsked,
    TimePassed,
    TrafficObserved,
)
from ladle.releases.state import Release, ReleaseState

POLICY = RolloutPolicy(
    bake_s=100.0,
    min_requests=50,
    min_labels=20,
    max_s=1000.0,
    holdback_s=200.0,
    labels_expected=True,
    guards=(
        Guard(GuardName.FAILURES, worse_than=1.2),
        Guard(GuardName.ACCURACY, worse_by=0.005),
    ),
)


def release(number: int, model: str | None = None, **policy: Any) -> Release:
    return Release(
        number=number,
        release_digest=f"release-{number}",
        model_digest=model or f"model-{number}",
        experiment_id=None,
        requested_at=float(number),
        policy=replace(POLICY, **policy),
    )


def moved(number: int, **policy: Any) -> Release:
    """A release of the home to which a model moved after release ``number - 1``."""
    at_once = release(number, **policy)
    return replace(at_once, target=Target.ECS, packaging=Packaging.IMAGE, base=number - 1)


def evidence(
    state: ReleaseState,
    worse: GuardName | None = None,
    requests: int = 500,
    labels: int = 400,
    alive: bool = True,
    sure: bool = True,
    **changes: Any,
) -> EvidenceRead:
    """Evidence on the release that is tried; ``sure`` evidence says NOT_WORSE where not worse."""
    trial, stable = state.on_trial or state.the_candidate, state.the_stable
    good = Verdict.NOT_WORSE if sure else Verdict.INCONCLUSIVE
    guards = tuple(
        GuardVerdict(
            guard=guard.name,
            verdict=Verdict.WORSE if guard.name is worse else good,
            log_e=6.0 if guard.name is worse else 0.5,
            stable=ArmCounts(1000.0, 10.0),
            candidate=ArmCounts(100.0, 30.0 if guard.name is worse else 1.0),
            alive=alive,
        )
        for guard in trial.policy.active_guards
    )
    read = Evidence(
        stable_release=stable.number,
        candidate_release=trial.number,
        since=state.evidence_since,
        candidate_requests=requests,
        candidate_labels=labels,
        log_e=6.0 if worse else 0.5,
        log_e_limit=4.6,
        guards=guards,
    )
    return EvidenceRead(replace(read, **changes))


def ask(what: Ask, **details: Any) -> PersonAsked:
    return PersonAsked(what, by="ada", **details)


def seen(traffic: Traffic) -> TrafficObserved:
    return TrafficObserved(ObservedTraffic(traffic, "revision"))


@dataclass(slots=True)
class Story:
    """A state, and what was recorded on the way to it; the alias always obeys."""

    state: ReleaseState = field(default_factory=lambda: ReleaseState("fraud"))
    rows: list[NewRecord] = field(default_factory=list)
    now: float = 1000.0

    def hear(self, event: Event, settle: bool = True) -> Decision:
        decision = decide(self.state, event, self.now)
        self._take(decision)
        while settle and self.state.intent is not None:
            self._take(decide(self.state, IntentDone(self.state.intent.id), self.now))
        return decision

    def wait(self, seconds: float) -> Decision:
        self.now += seconds
        return self.hear(TimePassed())

    def kinds(self) -> Sequence[RecordKind]:
        return [row.kind for row in self.rows]

    def last(self, kind: RecordKind) -> NewRecord:
        return next(row for row in reversed(self.rows) if row.kind is kind)

    def alias(self) -> dict[int, float]:
        """Shares in percent of what the alias reads."""
        traffic = self.state.traffic
        return {n: round(100 * w, 3) for n, w in traffic.weights.items()} if traffic else {}

    def _take(self, decision: Decision) -> None:
        if decision.state != self.state:
            self.state = replace(decision.state, generation=self.state.generation + 1)
        self.rows += decision.records


def stable_story(good: int = 1, **policy: Any) -> Story:
    """A model whose releases 1 to ``good`` are proven, the last of them serving."""
    story = Story()
    story.hear(CandidateReady(release(1, **policy)))
    story.now += 200
    story.hear(evidence(story.state))
    for number in range(2, good + 1):
        canary_story(story, number, **policy)
        story.now += 150
        story.hear(evidence(story.state))
        story.wait(300)
    return story


def canary_story(story: Story | None = None, number: int = 2, **policy: Any) -> Story:
    """The same with release ``number`` in its canary."""
    story = story or stable_story(number - 1)
    story.now += 1
    handed_over = replace(release(number, **policy), requested_at=story.now)
    story.hear(CandidateReady(handed_over))
    return story


def moving_story(good: int = 2, **policy: Any) -> Story:
    """``good`` releases are proven in the first home, and the one after them is tried in another."""
    story = stable_story(good)
    story.now += 1
    story.hear(CandidateReady(replace(moved(good + 1, **policy), requested_at=story.now)))
    return story


def moved_story(good: int = 2) -> Story:
    """The same, and the release of the other home is proven."""
    story = moving_story(good)
    story.wait(300)
    return story


def holdback_story() -> Story:
    story = canary_story()
    story.now += 150
    story.hear(evidence(story.state))
    return story
