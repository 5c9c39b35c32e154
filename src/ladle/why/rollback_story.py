"""How a release lost its traffic, or never got any: who was worse, by how much, what was done."""

from __future__ import annotations

from collections.abc import Iterator

from ladle.policy.statuses import QuarantineScope
from ladle.releases.effects import Record, RecordKind
from ladle.why.explanation import Sentence, Topic
from ladle.why.facts import Facts
from ladle.why.focus import Focus
from ladle.why.numbers import (
    WORSE_WORDS,
    guard_sentence,
    harm_sentence,
    left_out,
    strength_sentence,
)
from ladle.why.telling import differs, rows_after, say, since
from ladle.why.trials import evidence_in
from ladle.why.words import moment, span


def rolled_back(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row, evidence = found.row, evidence_in(found.row)
    worst = evidence.worst if evidence else None
    text = row.text
    if evidence and worst:
        beside = f" than release {evidence.stable_release}"
        text = f"release {row.release} {WORSE_WORDS[worst.guard]}{beside}"
        text += f" and was rolled back at {moment(row.at)}"
    yield say(Topic.CONCLUSION, text, row.id)
    if evidence and worst:
        for sentence in (guard_sentence, strength_sentence, harm_sentence):
            yield say(Topic.EVIDENCE, sentence(evidence, worst), row.id)
        for text in left_out(evidence):
            yield say(Topic.EVIDENCE, text, row.id)
    done = _read_back(facts, row)
    yield from _back_to(row, done)
    yield from _quarantine(facts, row)
    yield from differs(facts, found)
    yield from since(facts, done or row)


def refused(facts: Facts, found: Focus) -> Iterator[Sentence]:
    row = found.row
    digest = row.data.get("digest")
    cause = _rollback_behind(facts, digest)
    if cause is None:
        yield say(Topic.CONCLUSION, f"{row.text}; it got no traffic", row.id)
    else:
        text = f"release {row.release} was refused at {moment(row.at)} and got no traffic"
        because = (
            f"its {row.data['scope']} is quarantined since release {cause.release} was rolled back"
        )
        yield say(Topic.CONCLUSION, f"{text}: {because}", row.id, cause.id)
        yield from _rolled_back_before(cause)
    entry = next((q for q in facts.state.quarantine if q.digest == digest), None)
    if entry is not None:
        command = f"ladle quarantine lift {entry.digest} --reason …"
        text = f"it stays at weight 0; a person who knows better types: {command}"
        yield say(Topic.DONE, text, row.id)
    yield from differs(facts, found)
    yield from since(facts, row)


def _rolled_back_before(cause: Record) -> Iterator[Sentence]:
    """The numbers for which the quarantine stands."""
    evidence = evidence_in(cause)
    yield say(Topic.EVIDENCE, f"at {moment(cause.at)}: {cause.text}", cause.id)
    if evidence and evidence.worst:
        yield say(Topic.EVIDENCE, strength_sentence(evidence, evidence.worst), cause.id)


def _read_back(facts: Facts, row: Record) -> Record | None:
    """The row that confirms the write which the rollback decided on."""
    for later in rows_after(facts, row):
        if later.kind is RecordKind.OUTCOME:
            return later
        if later.kind in (RecordKind.FROZEN, RecordKind.DEGRADED):
            return None
    return None


def _back_to(row: Record, done: Record | None) -> Iterator[Sentence]:
    if done is not None:
        took = span(done.at - row.at)
        text = f"release {done.release} has had all traffic again since {moment(done.at)}"
        yield say(Topic.DONE, f"{text}, {took} after the decision", row.id, done.id)
    elif row.data.get("to") is not None:
        text = (
            f"release {row.data['to']} is to get all traffic back; the alias does not read so yet"
        )
        yield say(Topic.DONE, text, row.id)


def _quarantine(facts: Facts, row: Record) -> Iterator[Sentence]:
    barred = next(
        (
            r
            for r in rows_after(facts, row)
            if r.kind is RecordKind.QUARANTINED and r.release == row.release
        ),
        None,
    )
    if barred is None:
        return
    digest = str(barred.data["digest"])
    thing = f"release {row.release}"
    if barred.data["scope"] == QuarantineScope.MODEL:
        thing = f"the model of {thing}"
    what = f"{thing} ({digest.removeprefix('sha256:')[:12]})"
    if any(q.digest == digest for q in facts.state.quarantine):
        text = f"{what} is quarantined: no deploy gives it traffic unless a person lifts that"
    else:
        text = f"{what} was quarantined; somebody has lifted that since"
    yield say(Topic.DONE, text, barred.id)


def _rollback_behind(facts: Facts, digest: str | None) -> Record | None:
    """The rollback that put ``digest`` into quarantine."""
    barred = None
    for row in reversed(facts.records):
        if row.kind is RecordKind.QUARANTINED and digest and row.data.get("digest") == digest:
            barred = row
        rolled_back = row.kind is RecordKind.ROLLED_BACK
        if barred is not None and rolled_back and row.release == barred.release:
            return row
    return None
