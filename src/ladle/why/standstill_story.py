"""Nothing moved, or nothing may move: what history says when no trial explains what is seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ladle.releases.effects import Record, RecordKind
from ladle.why.explanation import Sentence, Topic
from ladle.why.facts import Facts
from ladle.why.focus import Focus
from ladle.why.numbers import guard_sentence, state_of_guards
from ladle.why.telling import differs, evidence_of, row_with_evidence, say
from ladle.why.trials import evidence_in, shares
from ladle.why.words import moment, percent, span


def not_a_deploy(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row, at = found.row, facts.subject.at
    if at is not None and at < row.at:
        text = f"not a deploy: at {moment(at)} nothing had been deployed"
        yield say(Topic.CONCLUSION, text, row.id)
        yield say(Topic.DONE, f"history begins at {moment(row.at)}: {row.text}", row.id)
        return
    if at is None:
        text = f"since {moment(row.at)} ({span(facts.now - row.at)})"
    else:
        text = f"between {moment(row.at)} and {moment(at)} ({span(at - row.at)})"
    yield say(Topic.CONCLUSION, f"not a deploy: no release changed {text}", row.id)
    yield say(Topic.DONE, f"the last change: {row.text}", row.id)
    if found.trial and found.trial.ended and found.trial.ended.kind is RecordKind.GOOD:
        yield from _let_in(facts, found)


def frozen(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row, model = found.row, facts.subject.model
    yield say(Topic.CONCLUSION, f"the traffic of {model} is frozen: {row.text}", row.id)
    yield from _two_readings(row)
    text = f"nothing moves traffic until a person types: ladle resume {model} --adopt, or --restore"
    yield say(Topic.NOW, text, row.id)


def degraded(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row = found.row
    yield say(Topic.CONCLUSION, f"{facts.subject.model} is degraded: {row.text}", row.id)
    behind = [r for r in facts.records if r.kind is RecordKind.ROLLED_BACK and r.at <= row.at]
    for r in behind[-1:]:
        yield say(Topic.EVIDENCE, r.text, r.id)
    yield say(Topic.NOW, "the next release that is handed over takes all traffic", row.id)


def as_recorded(facts: Facts, found: Focus) -> Iterator[Sentence]:
    """Cases whose row of history says it all: superseded, waiting, paused."""
    row = found.row
    yield say(Topic.CONCLUSION, f"at {moment(row.at)}: {row.text}", row.id)
    evidence = evidence_of(facts, found)
    if evidence is not None:
        for guard in state_of_guards(evidence):
            yield say(Topic.EVIDENCE, guard, row.id)
    yield from differs(facts, found)


def _let_in(facts: Facts, found: Focus) -> Iterator[Sentence]:
    """The numbers with which the serving release was let in: they hold for then, not for now."""
    shown = row_with_evidence(facts, found)
    evidence = evidence_in(shown)
    if shown is None or evidence is None or found.against is None:
        return
    for guard in evidence.guards:
        text = f"when it was let in, {guard_sentence(evidence, guard)}"
        yield say(Topic.EVIDENCE, text, shown.id)


def _two_readings(row: Record) -> Iterator[Sentence]:
    foreign, ledger = shares(row), row.data.get("ledger")
    if foreign and ledger:
        text = f"the alias has {_weights(foreign)}; the ledger says {_weights(ledger['weights'])}"
        yield say(Topic.EVIDENCE, text, row.id)


def _weights(weights: Mapping[int, float] | Mapping[str, float]) -> str:
    return ", ".join(f"release {n} at {percent(w)}" for n, w in weights.items())
