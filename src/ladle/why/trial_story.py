"""How a release is doing beside another, or did: numbers of both, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ladle.policy.rollout import RolloutPolicy
from ladle.policy.verdicts import Evidence
from ladle.releases.promotion import lacking, minimum_lacking
from ladle.why.explanation import Sentence, Topic
from ladle.why.facts import Facts
from ladle.why.focus import Focus
from ladle.why.numbers import state_of_guards
from ladle.why.telling import differs, row_with_evidence, say, since
from ladle.why.trials import evidence_in
from ladle.why.words import moment

Lacks = Callable[[RolloutPolicy, Evidence, float], tuple[str, ...]]


def cannot_tell(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row, evidence = found.row, facts.evidence
    text = f"release {found.release} is tried beside release {found.against}"
    text += f" since {moment(row.at)}"
    if evidence is not None and evidence.worst:
        text = f"{text} and looks worse; the controller has not acted on it yet"
    else:
        text = f"cannot tell yet: {text}{_still_needed(evidence)}"
    yield say(Topic.CONCLUSION, text, row.id)
    if evidence is not None:
        for guard in state_of_guards(evidence):
            yield say(Topic.EVIDENCE, guard, row.id)
        yield from _lacks(facts, found, lacking, evidence)
    yield from differs(facts, found)


def promoted(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row = found.row
    text = f"release {row.release} took over from release {found.against} at {moment(row.at)}"
    yield say(Topic.CONCLUSION, f"{text}: {row.text}", row.id)
    shown = row_with_evidence(facts, found)
    evidence = evidence_in(shown)
    if shown is not None and evidence is not None:
        for guard in state_of_guards(evidence):
            yield say(Topic.EVIDENCE, guard, shown.id)
    yield from differs(facts, found)
    yield from since(facts, row)


def first_release(facts: Facts, found: Focus) -> Iterator[Sentence]:
    started = found.trial.started if found.trial else found.row
    text = f"release {found.release} came when no proven release was there to compare it with"
    yield say(Topic.CONCLUSION, f"{text}: it got all traffic at {moment(started.at)}", started.id)
    if found.row is not started:
        yield say(Topic.DONE, f"at {moment(found.row.at)}: {found.row.text}", found.row.id)
    elif facts.evidence is not None:
        yield from _lacks(facts, found, minimum_lacking, facts.evidence)
    yield from since(facts, found.row)


def _still_needed(evidence: Evidence | None) -> str:
    if evidence is None:
        return ", and nothing was counted yet"
    needs = [g.needs for g in evidence.guards if g.needs]
    return f"; a verdict needs about {max(needs):,} more requests of it" if needs else ""


def _lacks(facts: Facts, found: Focus, lacks: Lacks, evidence: Evidence) -> Iterator[Sentence]:
    release = facts.state.release(found.release) if found.release is not None else None
    if release is None:
        return
    in_phase_s = facts.now - facts.state.phase_since
    for text in lacks(release.policy, evidence, in_phase_s):
        yield say(Topic.NOW, f"before it is proven: {text}", found.row.id)
