"""Where a model's releases are, what the alias really reads, and what a promotion still waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.actions.judge_quality import HISTORY_WINDOWS, read_evidence
from ladle.errors import LadleError, NeedsCredentials, NotFound, Unavailable
from ladle.policy.statuses import Phase
from ladle.policy.traffic import Traffic
from ladle.policy.verdicts import Evidence
from ladle.ports import Workspace
from ladle.quality.classes import Recall, recalls
from ladle.quality.counts import Counts, total
from ladle.quality.drift import Drift, drifts, reference_key
from ladle.quality.estimate import estimate
from ladle.quality.measures import measured
from ladle.quality.reference import SEEN
from ladle.quality.segments import WorseSegment, worse_segments
from ladle.releases.promotion import lacking, minimum_lacking
from ladle.releases.state import ReleaseState

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """``live`` is what the alias reads now, None when there is none or when it cannot be read, and
    ``unread`` says why; ``lacking`` are sentences;
    of each release that serves, over the last day: ``measures`` by its labels, ``recalls`` by true class,
    ``drifts`` from its training, the farthest first. ``estimate`` is the candidate's accuracy before labels come, ``worse_segments``
    those in which it is wrong more often. None of this decides anything.
    """

    state: ReleaseState
    live: Traffic | None
    unread: str | None
    evidence: Evidence | None
    lacking: tuple[str, ...]
    unheard: int
    measures: Mapping[int, Mapping[str, float]]
    recalls: Mapping[int, Mapping[str, Recall]]
    drifts: Mapping[int, tuple[Drift, ...]]
    estimate: float | None
    worse_segments: tuple[WorseSegment, ...]


def read_status(workspace: Workspace, model: str, now: float) -> ModelStatus:
    """Raises NotFound LD510 for a model that was never deployed here."""
    state = known_state(workspace, model)
    live, unread = _live(workspace, model)
    evidence = _evidence(workspace, state, now)
    seen = _last_day(workspace, state, now)
    return ModelStatus(
        state=state,
        live=live,
        unread=unread,
        evidence=evidence,
        lacking=_lacking(state, evidence, now),
        unheard=len(workspace.inbox.pending(model)),
        measures={n: found for n, counts in seen.items() if (found := measured(counts))},
        recalls={n: by_class for n, c in seen.items() if (by_class := recalls(c))},
        drifts={n: far for n, c in seen.items() if (far := _drifts(workspace, model, n, c))},
        estimate=_estimate(state, seen),
        worse_segments=_worse_segments(workspace, state),
    )


def _last_day(workspace: Workspace, state: ReleaseState, now: float) -> Mapping[int, Counts]:
    serving = [r.number for r in (state.stable, state.candidate) if r is not None]
    try:
        return {n: total(workspace.counters.read(state.model, n, now - DAY_S)) for n in serving}
    except Unavailable:
        return {}


def _drifts(workspace: Workspace, model: str, release: int, seen: Counts) -> tuple[Drift, ...]:
    """Only of a release that was seen in bins is the reference asked for."""
    if not any(name.startswith(SEEN) for name in seen.tallies):
        return ()
    key = reference_key(model, release)
    return drifts(total(workspace.counters.read(key.model, key.release, 0.0)), seen)


def _worse_segments(workspace: Workspace, state: ReleaseState) -> tuple[WorseSegment, ...]:
    if state.stable is None or state.candidate is None:
        return ()
    read, since = workspace.counters.read, state.evidence_since
    before = since - HISTORY_WINDOWS * state.candidate.policy.window_s
    try:
        stable = read(state.model, state.stable.number, before)
        candidate = read(state.model, state.candidate.number, since)
    except Unavailable:
        return ()
    return tuple(worse_segments(stable, candidate, since))


def _estimate(state: ReleaseState, seen: Mapping[int, Counts]) -> float | None:
    if state.stable is None or state.candidate is None:
        return None
    nothing = Counts()
    stable, candidate = (seen.get(r.number, nothing) for r in (state.stable, state.candidate))
    return estimate(stable, candidate)


def deployed_models(workspace: Workspace) -> Sequence[str]:
    """All that were handed over and not taken down since."""
    return [
        name
        for name in workspace.ledger.models()
        if workspace.ledger.load(name).phase is not Phase.EMPTY or workspace.inbox.pending(name)
    ]


def _live(workspace: Workspace, model: str) -> tuple[Traffic | None, str | None]:
    """One model's trouble must not hide the others."""
    try:
        observed = workspace.router.read(model)
    except NeedsCredentials:
        raise
    except LadleError as error:
        return None, error.finding.what
    return (observed.traffic if observed else None), None


def known_state(workspace: Workspace, model: str) -> ReleaseState:
    state = workspace.ledger.load(model)
    if state.phase is Phase.EMPTY and not workspace.inbox.pending(model):
        known = ", ".join(deployed_models(workspace)) or "none"
        raise NotFound(
            "LD510",
            f"{model} is not deployed here; deployed models: {known}",
            "deploy it: ladle deploy",
        )
    return state


def _evidence(workspace: Workspace, state: ReleaseState, now: float) -> Evidence | None:
    if state.intent is not None:
        return None
    try:
        return read_evidence(workspace.counters, state, now)
    except Unavailable:
        return None


def _lacking(state: ReleaseState, evidence: Evidence | None, now: float) -> tuple[str, ...]:
    trial = state.on_trial
    if trial is None or state.phase not in (Phase.BASELINE, Phase.CANARY):
        return ()
    if evidence is None:
        return ("no evidence has been read",)
    rule = minimum_lacking if state.phase is Phase.BASELINE else lacking
    return rule(trial.policy, evidence, now - state.phase_since)
