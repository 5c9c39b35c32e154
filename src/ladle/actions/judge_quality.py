"""The same counters give the same evidence, to the judge that publishes it and the controller that acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ladle.policy.rollout import RolloutPolicy
from ladle.policy.statuses import Phase
from ladle.policy.verdicts import Evidence
from ladle.ports import CounterStore, MetricSink
from ladle.quality.counts import Window, total
from ladle.quality.evidence import judge
from ladle.releases.intent import IntentKind
from ladle.releases.state import Release, ReleaseState

HISTORY_WINDOWS = 60  # of the stable release before the rollout, to learn what is slow or far off

# Of two releases' windows: ``judge``, or what a RunningJudge remembers of it.
Weigh = Callable[
    [Sequence[Window], Sequence[Window], RolloutPolicy, float, tuple[int, int]], Evidence
]

_ROLLOUT = frozenset({Phase.CANARY, Phase.HOLDBACK})
# The alias does not read so yet: ``evidence_since`` is still that of an earlier trial.
_NOT_BEGUN = frozenset({IntentKind.BASELINE, IntentKind.START_CANARY, IntentKind.GO_LIVE})


def read_evidence(
    counters: CounterStore, state: ReleaseState, now: float, weigh: Weigh = judge
) -> Evidence | None:
    """Evidence on the release that is being tried, up to ``now``; None when there is no trial."""
    phase = state.paused_from if state.phase is Phase.PAUSED else state.phase
    if state.intent is not None and state.intent.kind in _NOT_BEGUN:
        return None
    if phase is Phase.BASELINE and state.stable is not None:
        return _alone(counters, state.model, state.stable, state.evidence_since, now)
    if phase not in _ROLLOUT or state.stable is None or state.candidate is None:
        return None
    policy = state.candidate.policy
    before = state.evidence_since - HISTORY_WINDOWS * policy.window_s
    stable = counters.read(state.model, state.stable.number, before)
    candidate = counters.read(state.model, state.candidate.number, state.evidence_since)
    return weigh(
        [w for w in stable if w.start <= now],
        [w for w in candidate if w.start <= now],
        policy,
        state.evidence_since,
        (state.stable.number, state.candidate.number),
    )


def publish_evidence(
    counters: CounterStore,
    metrics: MetricSink,
    state: ReleaseState,
    now: float,
    weigh: Weigh = judge,
) -> Evidence | None:
    """Publishes ``log_e`` while a rollout is active, and only then."""
    evidence = read_evidence(counters, state, now, weigh)
    if evidence is None or evidence.stable_release == evidence.candidate_release:
        return None
    metrics.publish_log_e(state.model, evidence.log_e, now)
    return evidence


def _alone(
    counters: CounterStore, model: str, first: Release, since: float, now: float
) -> Evidence:
    """A first release has no rival: it is only counted."""
    seen = total(w for w in counters.read(model, first.number, since) if w.start <= now)
    return Evidence(
        stable_release=first.number,
        candidate_release=first.number,
        since=since,
        candidate_requests=seen.requests,
        candidate_labels=seen.labelled,
        log_e=0.0,
        log_e_limit=first.policy.log_e_limit,
        guards=(),
    )
