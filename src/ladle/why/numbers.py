"""Evidence as sentences: what each release was seen to do, and how far that is from chance."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ladle.policy.rollout import GuardName
from ladle.policy.verdicts import ArmCounts, Evidence, GuardVerdict, Verdict
from ladle.why.words import count, percent, plural

# What a guard counts, and what one bad event of it is called.
COUNTED: dict[GuardName, tuple[str, str]] = {
    GuardName.FAILURES: ("request", "failed"),
    GuardName.LATENCY: ("warm request", "slow"),
    GuardName.ACCURACY: ("labelled request", "wrong"),
    GuardName.ERROR: ("labelled request", "lost, as errors of the full scale"),
}
WORSE_WORDS: dict[GuardName, str] = {
    GuardName.FAILURES: "failed more often",
    GuardName.LATENCY: "answered more slowly",
    GuardName.ACCURACY: "answered wrongly more often",
    GuardName.ERROR: "was further off",
}


def guard_sentence(evidence: Evidence, guard: GuardVerdict) -> str:
    """Both releases' rates with their counts: ``118 of 412 labelled requests (28.6 %)``."""
    return (
        f"{guard.guard}: release {evidence.candidate_release} had "
        f"{_arm(guard.guard, guard.candidate)}, release {evidence.stable_release} beside it "
        f"{_arm(guard.guard, guard.stable)}"
    )


def strength_sentence(evidence: Evidence, guard: GuardVerdict) -> str:
    """How sure: the promised rate of false alarms is what the limit stands for."""
    chance = math.exp(-evidence.log_e_limit)
    alone = f" ({guard.guard} alone {guard.log_e:.2f})" if len(evidence.guards) > 1 else ""
    return (
        f"evidence against release {evidence.candidate_release}: log e = {evidence.log_e:.2f}{alone}, "
        f"limit {evidence.log_e_limit:.2f}; a release that is no worse crosses the limit in at most "
        f"{percent(chance)} of rollouts, however often one looks"
    )


def excess(guard: GuardVerdict) -> float | None:
    """Bad requests beyond what the stable release's rate would have made of the same requests."""
    if guard.stable.rate is None:
        return None
    return guard.candidate.events - guard.candidate.exposed * guard.stable.rate


def harm_sentence(evidence: Evidence, guard: GuardVerdict) -> str:
    """What it cost the callers."""
    _, bad = COUNTED[guard.guard]
    text = (
        f"{plural(guard.candidate.events, f'{bad} request')} came from release "
        f"{evidence.candidate_release} before it lost its traffic"
    )
    more = excess(guard)
    if more is None or more <= 0:
        return text
    return f"{text}, about {count(round(more))} more than release {evidence.stable_release} would have made"


def state_of_guards(evidence: Evidence) -> Iterator[str]:
    """One sentence a guard while a trial runs: its rates, and what it says so far."""
    for guard in evidence.guards:
        yield f"{guard_sentence(evidence, guard)}: {_so_far(guard)}"
    yield from left_out(evidence)


def left_out(evidence: Evidence) -> Iterator[str]:
    """One sentence a source whose labels did not count, and why they did not."""
    for source in evidence.left_out:
        yield (
            f"{whose_labels(source)} cover release {evidence.candidate_release} and release "
            f"{evidence.stable_release} unequally and are left out of the evidence"
        )


def whose_labels(source: str) -> str:
    return f"labels of {source}" if source else "labels of no source that is told apart"


def _so_far(guard: GuardVerdict) -> str:
    if not guard.alive:
        return "no data of both releases yet"
    if guard.verdict is not Verdict.INCONCLUSIVE:
        return str(guard.verdict)
    needs = "" if guard.needs is None else f", needs about {plural(guard.needs, 'more request')}"
    return f"cannot tell yet{needs}"


def _arm(name: GuardName, arm: ArmCounts) -> str:
    noun, bad = COUNTED[name]
    if arm.rate is None:
        return f"no {noun} yet"
    return f"{count(arm.events)} {bad} of {plural(arm.exposed, noun)} ({percent(arm.rate)})"
