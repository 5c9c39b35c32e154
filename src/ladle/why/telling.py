"""What every story shares: a sentence needs a record, and a difference needs two releases."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ladle.policy.verdicts import Evidence
from ladle.releases.effects import Record, RecordKind
from ladle.why.differences import difference_sentences
from ladle.why.explanation import Sentence, Topic
from ladle.why.facts import Facts, experiment_ref
from ladle.why.focus import Focus, last_change
from ladle.why.served_differently import served_differently
from ladle.why.trials import evidence_in
from ladle.why.words import moment, span


def say(topic: Topic, text: str, *shown_by: str) -> Sentence:
    """One sentence; ``shown_by`` are the ids of its records."""
    return Sentence(topic, text[:1].upper() + text[1:] + ".", tuple(dict.fromkeys(shown_by)))


def rows_after(facts: Facts, row: Record) -> tuple[Record, ...]:
    return facts.records[facts.records.index(row) + 1 :]


def row_with_evidence(facts: Facts, found: Focus) -> Record | None:
    """The newest row about the release in focus, up to the deciding one, that holds numbers."""
    if evidence_in(found.row):
        return found.row
    rows = [r for r in facts.records if r.release == found.release and r.at <= found.row.at]
    return next((r for r in reversed(rows) if evidence_in(r)), None)


def evidence_of(facts: Facts, found: Focus) -> Evidence | None:
    """While a trial runs, what the counters say now; else what the deciding row was written with."""
    running = found.trial is not None and found.trial.ended is None
    if running and facts.evidence is not None:
        return facts.evidence
    return evidence_in(row_with_evidence(facts, found))


def differs(facts: Facts, found: Focus) -> Iterator[Sentence]:
    """Only where two releases stood side by side: a difference to nothing explains nothing."""
    if found.against is None or found.release is None:
        return
    pair = (found.against, found.release)
    yield from _experiments_differ(facts, found, pair)
    known = {release.number: release for release in facts.state.releases}
    if all(number in known for number in pair):
        for text in served_differently(known[found.against], known[found.release]):
            yield say(Topic.DIFFERS, text, *_handed_over(facts, pair, found))


def _experiments_differ(facts: Facts, found: Focus, pair: tuple[int, int]) -> Iterator[Sentence]:
    missing = [n for n in pair if n not in facts.experiments]
    if missing:
        names = " and ".join(f"release {n}" for n in missing)
        text = f"{names} was deployed without a recorded experiment: what differs is not known"
        yield say(Topic.DIFFERS, text, *_handed_over(facts, missing, found))
        return
    refs = [experiment_ref(facts.experiments[n].manifest.id) for n in pair]
    if facts.compared is None:
        text = "both releases have a recorded experiment; the two were not compared"
        yield say(Topic.DIFFERS, text, *refs)
        return
    for text in difference_sentences(facts.compared):
        yield say(Topic.DIFFERS, text, *refs)


def since(facts: Facts, row: Record) -> Iterator[Sentence]:
    """What history says of the time after ``row``."""
    later = last_change([r for r in rows_after(facts, row) if r.at > row.at])
    if later is not None:
        yield say(Topic.NOW, f"since then, at {moment(later.at)}: {later.text}", later.id)
    else:
        text = f"no release changed since, up to {moment(facts.now)} ({span(facts.now - row.at)})"
        yield say(Topic.NOW, text, row.id)


def _handed_over(facts: Facts, releases: Collection[int], found: Focus) -> list[str]:
    rows = [
        r.id
        for r in facts.records
        if r.kind is RecordKind.REQUESTED and r.release is not None and r.release in releases
    ]
    return rows or [found.row.id]
