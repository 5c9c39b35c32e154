"""A cause that releases share costs none of them its place; a hold ends by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
from ladle.policy.verdicts import ArmCounts
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady, EvidenceRead, NativeAlarmRang
from ladle.releases.holding import HOLD_S, STORM_WINDOW_S, wanted_to_roll_back
from ladle.releases.state import ReleaseState
from ladle.testing.releases import (
    Story,
    ask,
    canary_story,
    evidence,
    holdback_story,
    release,
    stable_story,
)


def worse(story: Story, *others: str) -> EvidenceRead:
    """Failures of 30 % of the candidate's requests and of 15 % of the other's."""
    read = evidence(story.state, worse=GuardName.FAILURES).evidence
    suffers = tuple(replace(g, stable=ArmCounts(1000.0, 150.0)) for g in read.guards)
    return EvidenceRead(replace(read, guards=suffers), others)


@pytest.mark.parametrize("began", [canary_story, holdback_story])
def test_where_both_releases_fail_alike_nothing_is_rolled_back_and_the_trial_goes_on(began) -> None:  # type: ignore[no-untyped-def]
    story: Story = began()
    phase, shares = story.state.phase, story.alias()
    story.hear(NativeAlarmRang(2, 50, shared=True))
    assert (story.state.phase, story.alias()) == (Phase.PAUSED, shares)
    assert "held" in story.state.reason
    assert not story.state.quarantine
    story.wait(HOLD_S - 1)
    assert story.state.phase is Phase.PAUSED
    story.wait(1)
    assert (story.state.phase, story.alias()) == (phase, shares)


def test_an_outage_that_lasts_is_told_once() -> None:
    story = canary_story()
    for _ in range(5):
        story.hear(NativeAlarmRang(2, 50, shared=True))
        story.now += HOLD_S / 2
    assert [e.subject for e in story.state.outbox] == ["fraud: rollback held, shared cause?"]  # type: ignore[union-attr]
    assert story.kinds().count(RecordKind.PAUSED) == 3


def test_an_alarm_on_the_candidate_alone_is_not_held() -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(2, 50))
    assert story.alias() == {1: 100}


def test_the_third_model_that_wants_to_roll_back_within_minutes_is_held() -> None:
    story = canary_story()
    story.hear(worse(story, "a", "b"))
    assert (story.state.phase, story.alias()) == (Phase.PAUSED, {1: 90, 2: 10})
    row = story.last(RecordKind.PAUSED)
    assert (row.data["others"], row.data["guard"]) == (("a", "b"), "failures")


def test_what_ails_the_candidate_alone_is_not_held_in_any_storm() -> None:
    story = canary_story()
    alone = evidence(story.state, worse=GuardName.FAILURES)
    story.hear(replace(alone, others=("a", "b")))
    assert story.alias() == {1: 100}


def test_two_models_are_no_storm() -> None:
    story = canary_story()
    story.hear(worse(story, "a"))
    assert story.alias() == {1: 100}


def test_what_is_still_worse_when_the_hold_is_over_is_rolled_back_whatever_others_do() -> None:
    story = canary_story()
    story.hear(worse(story, "a", "b"))
    story.now += HOLD_S - 1
    story.hear(worse(story, "a", "b"))
    assert story.alias() == {1: 90, 2: 10}
    story.now += 1
    story.hear(worse(story, "a", "b"))
    assert (story.alias(), story.state.held_since) == ({1: 100}, None)
    assert story.state.quarantined(release(2)) is not None


def test_a_held_holdback_does_not_end_as_proven() -> None:
    story = holdback_story()
    story.hear(worse(story, "a", "b"))
    story.wait(HOLD_S - 1)
    story.hear(CandidateReady(replace(release(3), requested_at=story.now)))
    assert 2 not in {r.number for r in story.state.good}


@pytest.mark.parametrize("what", [Ask.ROLLBACK, Ask.PAUSE, Ask.RESUME])
def test_a_person_ends_a_hold(what: Ask) -> None:
    story = canary_story()
    story.hear(worse(story, "a", "b"))
    story.hear(ask(what))
    ends = {
        Ask.ROLLBACK: (Phase.STABLE, {1: 100}),
        Ask.PAUSE: (Phase.PAUSED, {1: 90, 2: 10}),
        Ask.RESUME: (Phase.CANARY, {1: 90, 2: 10}),
    }
    assert (story.state.phase, story.alias()) == ends[what]
    story.wait(HOLD_S)
    assert (story.state.phase, story.alias()) == ends[what]


def test_only_what_happened_within_minutes_makes_a_storm() -> None:
    state = stable_story().state
    assert not wanted_to_roll_back(state, 1000.0)
    rolled_back = replace(state, rollback_times=(5.0, 1000.0))
    held = ReleaseState("other", held_since=1000.0)
    for other in (rolled_back, held):
        assert wanted_to_roll_back(other, 1000.0 + STORM_WINDOW_S)
        assert not wanted_to_roll_back(other, 1001.0 + STORM_WINDOW_S)
