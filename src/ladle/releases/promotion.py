"""What a release still lacks before it may be promoted; an empty answer promotes, silence never."""

from __future__ import annotations

from ladle.catalog import Promote
from ladle.policy.rollout import RolloutPolicy
from ladle.policy.verdicts import Evidence, Verdict


def lacking(policy: RolloutPolicy, evidence: Evidence, in_phase_s: float) -> tuple[str, ...]:
    """Sentences, one for each condition that a canary does not meet yet."""
    return (*minimum_lacking(policy, evidence, in_phase_s), *_guards_lacking(policy, evidence))


def minimum_lacking(
    policy: RolloutPolicy, evidence: Evidence, in_phase_s: float
) -> tuple[str, ...]:
    """Bake and minimum evidence: all that a first release, which has no rival, must show."""
    sentences = []
    if in_phase_s < policy.bake_s:
        sentences.append(f"the bake has {policy.bake_s - in_phase_s:.0f} s to go")
    if evidence.candidate_requests < policy.min_requests:
        sentences.append(f"{evidence.candidate_requests} of {policy.min_requests} requests seen")
    if evidence.candidate_labels < policy.labels_needed:
        sentences.append(f"{evidence.candidate_labels} of {policy.labels_needed} labels came")
    return tuple(sentences)


def _guards_lacking(policy: RolloutPolicy, evidence: Evidence) -> tuple[str, ...]:
    sentences = []
    verdicts = {g.guard: g for g in evidence.guards}
    for guard in policy.active_guards:
        seen = verdicts.get(guard.name)
        if seen is None or not seen.alive:
            sentences.append(f"the guard {guard.name} has seen no data of both releases")
        elif seen.verdict is Verdict.WORSE:
            sentences.append(f"the guard {guard.name} says worse")
        elif policy.promote is Promote.WHEN_NOT_WORSE and seen.verdict is not Verdict.NOT_WORSE:
            needs = "" if seen.needs is None else f", about {seen.needs} more requests"
            sentences.append(f"the guard {guard.name} cannot say yet{needs}")
    return tuple(sentences)
