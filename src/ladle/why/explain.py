"""From facts to an explanation: one teller for each conclusion, and no sentence without a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ladle.why.change_story import labels_say, outside, to_blame, unclear
from ladle.why.explanation import Conclusion, Explanation, Sentence
from ladle.why.facts import Facts
from ladle.why.focus import Focus, asks_the_labels, focus
from ladle.why.rollback_story import refused, rolled_back
from ladle.why.standstill_story import as_recorded, degraded, frozen, not_a_deploy
from ladle.why.telling import evidence_of
from ladle.why.trial_story import cannot_tell, first_release, promoted

TELLERS: dict[Conclusion, Callable[[Facts, Focus], Iterator[Sentence]]] = {
    Conclusion.ROLLED_BACK: rolled_back,
    Conclusion.REFUSED: refused,
    Conclusion.CANNOT_TELL: cannot_tell,
    Conclusion.NOT_A_DEPLOY: not_a_deploy,
    Conclusion.TO_BLAME: to_blame,
    Conclusion.OUTSIDE: outside,
    Conclusion.UNCLEAR: unclear,
    Conclusion.PROMOTED: promoted,
    Conclusion.FIRST_RELEASE: first_release,
    Conclusion.SUPERSEDED: as_recorded,
    Conclusion.WAITING: as_recorded,
    Conclusion.PAUSED: as_recorded,
    Conclusion.STOPPED: as_recorded,
    Conclusion.FROZEN: frozen,
    Conclusion.DEGRADED: degraded,
}


def explain(facts: Facts) -> Explanation:
    """Raises NotFound when history has nothing of what is asked about."""
    found = focus(facts.subject, facts.records, facts.state, facts.quality)
    sentences = list(TELLERS[found.conclusion](facts, found))
    if asks_the_labels(facts.subject, found):
        sentences += labels_say(facts, found)
    return Explanation(
        subject=facts.subject,
        conclusion=found.conclusion,
        release=found.release,
        against=found.against,
        sentences=tuple(sentences),
        evidence=evidence_of(facts, found),
        compared=facts.compared,
        quality=facts.quality,
    )
