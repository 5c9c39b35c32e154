"""What ``why`` answers: a conclusion, then the sentences that carry it, each with its records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ladle.experiments.row_words import in_words, ranges_in_words
from ladle.policy.verdicts import Evidence
from ladle.why.change import QualityReport
from ladle.why.facts import ComparedExperiments, Subject


class Conclusion(StrEnum):
    """The closed set of answers."""

    ROLLED_BACK = "rolled back"
    REFUSED = "refused"
    CANNOT_TELL = "cannot tell yet"
    NOT_A_DEPLOY = "not a deploy"
    TO_BLAME = "deployment to blame"
    OUTSIDE = "not a deployment"
    UNCLEAR = "cause cannot be told yet"
    PROMOTED = "promoted"
    FIRST_RELEASE = "first release"
    SUPERSEDED = "superseded"
    WAITING = "waiting"
    PAUSED = "paused"
    STOPPED = "stopped"
    FROZEN = "frozen"
    DEGRADED = "degraded"


class Topic(StrEnum):
    """What a sentence is about; the order in which an explanation is told."""

    CONCLUSION = "conclusion"
    EVIDENCE = "evidence"
    DONE = "what was done"
    DIFFERS = "what differs"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``records`` are the ids that show it; never empty."""

    topic: Topic
    text: str
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """``release`` is the one that the conclusion is about, ``against`` the one it was tried beside."""

    subject: Subject
    conclusion: Conclusion
    release: int | None
    against: int | None
    sentences: tuple[Sentence, ...]
    evidence: Evidence | None = None
    compared: ComparedExperiments | None = None
    quality: QualityReport | None = None

    @property
    def headline(self) -> str:
        return self.sentences[0].text

    def by_topic(self) -> Iterator[tuple[Topic, tuple[Sentence, ...]]]:
        """Topics that have sentences, in telling order."""
        for topic in Topic:
            told = tuple(s for s in self.sentences if s.topic is topic)
            if told:
                yield topic, told

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.subject.model,
            "at": self.subject.at,
            "verdict": str(self.conclusion),
            "release": self.release,
            "against": self.against,
            "sentences": [
                {"topic": str(s.topic), "text": s.text, "records": list(s.records)}
                for s in self.sentences
            ],
            "evidence": self.evidence and self.evidence.to_json(),
            "differences": self.compared and differences_json(self.compared),
            "change": self.quality and self.quality.change and self.quality.change.to_json(),
            "labels_needed": self.quality and self.quality.needs,
        }


def differences_json(compared: ComparedExperiments) -> dict[str, Any]:
    """Causes and effects apart; of rows the counts, the row numbers and the changed values."""
    difference = compared.difference
    return {
        "before": difference.before,
        "after": difference.after,
        "causes": [_change(c) for c in difference.causes],
        "effects": [_change(c) for c in difference.effects],
        "rows": [
            {
                "file": name,
                "text": in_words(name, rows),
                "changed": len(rows.changed),
                "removed": len(rows.removed),
                "added": len(rows.added),
                "of": rows.rows_after,
                "numbers": ranges_in_words([after for _, after in rows.changed]),
                "columns": sorted({c.column for c in rows.cells}),
            }
            for name, rows in compared.rows.items()
        ],
        "code": [str(patch) for patch in compared.code],
    }


def _change(change: Any) -> dict[str, Any]:
    return {
        "part": str(change.part),
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }
