"""The evidence of every trial over time, recomputed from the counters by the code that judged it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ladle.embedded.demo.page_facts import EvidencePoint
from ladle.policy.rollout import RolloutPolicy
from ladle.quality.counts import Window
from ladle.quality.evidence import judge
from ladle.releases.effects import Record
from ladle.why.trials import Trial, trials


def evidence_path(
    records: Sequence[Record],
    windows: Mapping[int, Sequence[Window]],
    policies: Mapping[int, RolloutPolicy],
) -> Iterator[EvidencePoint]:
    """By time of prediction: late labels are all in, so a point may be higher than what was known then."""
    for trial in trials(records):
        policy = policies.get(trial.release)
        if policy is not None and trial.against is not None:
            yield from _of_trial(trial, trial.against, windows, policy)


def _of_trial(
    trial: Trial,
    against: int,
    windows: Mapping[int, Sequence[Window]],
    policy: RolloutPolicy,
) -> Iterator[EvidencePoint]:
    began = trial.started.at
    ended = trial.ended.at if trial.ended else float("inf")
    stable = [w for w in windows.get(against, ()) if w.start < ended]
    candidate = [w for w in windows.get(trial.release, ()) if began <= w.start < ended]
    yield EvidencePoint(trial.release, began, 0.0)
    for end in sorted({w.start for w in (*stable, *candidate) if w.start >= began}):
        evidence = judge(
            [w for w in stable if w.start <= end],
            [w for w in candidate if w.start <= end],
            policy,
            began,
            (against, trial.release),
        )
        yield EvidencePoint(trial.release, end + policy.window_s, evidence.log_e)
