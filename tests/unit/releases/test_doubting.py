"""Labels that clear what is quarantined are told once and kept; they give no weight."""

from __future__ import annotations

from dataclasses import replace

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady, QuarantineDoubted
from ladle.testing.releases import Story, ask, canary_story, evidence, release

DOUBT = QuarantineDoubted("model-2", "release 2 is not worse", {"digest": "model-2"})


def rolled_back() -> Story:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.ACCURACY))
    return story


def test_it_is_told_once_with_the_command_that_lifts() -> None:
    story = rolled_back()
    story.hear(DOUBT)
    story.hear(DOUBT)
    assert story.kinds().count(RecordKind.DOUBTED) == 1
    assert "ladle quarantine lift model-2 --reason" in story.last(RecordKind.DOUBTED).text
    subjects = [e.subject for e in story.state.outbox]  # type: ignore[union-attr]
    assert subjects.count("fraud: later labels clear release 2") == 1


def test_it_gives_no_weight_and_the_next_refusal_names_it() -> None:
    story = rolled_back()
    story.hear(DOUBT)
    again = replace(release(3, model="model-2"), requested_at=story.now + 1)
    story.hear(CandidateReady(again))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {1: 100})
    assert "but release 2 is not worse" in story.last(RecordKind.REFUSED).text


def test_a_lift_keeps_it_beside_the_old_reason() -> None:
    story = rolled_back()
    story.hear(DOUBT)
    story.hear(replace(ask(Ask.LIFT), digest="model-2", reason="the labels came"))
    assert story.last(RecordKind.LIFTED).data["old_doubt"] == "release 2 is not worse"
    assert story.state.quarantine == ()


def test_of_what_is_not_quarantined_nothing_is_said() -> None:
    story = rolled_back()
    before = story.state
    story.hear(replace(DOUBT, digest="model-1"))
    assert story.state == before
