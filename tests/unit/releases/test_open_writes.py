"""One write at a time: what is open is ended before anything else is decided."""

from __future__ import annotations

from dataclasses import replace

from ladle.catalog import Strategy
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CannotServe,
    IntentDone,
    NativeAlarmRang,
    TimePassed,
)
from ladle.testing.releases import ask, canary_story, evidence, release, seen, stable_story


def test_while_a_write_is_open_nothing_else_is_decided() -> None:
    story = canary_story()
    worse = evidence(story.state, worse=GuardName.FAILURES)
    story.hear(ask(Ask.PROMOTE), settle=False)
    before = story.state
    for event in (worse, TimePassed(), ask(Ask.ROLLBACK), NativeAlarmRang(2, 50)):
        assert not story.hear(event, settle=False).heard
    assert story.state == before


def test_only_the_open_write_can_be_confirmed() -> None:
    story = stable_story()
    story.hear(CandidateReady(replace(release(2), requested_at=story.now)), settle=False)
    before = story.state
    story.hear(IntentDone("another"), settle=False)
    assert story.state == before


def test_what_was_given_up_stays_known_until_the_alias_has_another_revision() -> None:
    """A controller that had probed release 1 before it broke still writes it on the old revision."""
    story = stable_story(good=2)
    story.hear(ask(Ask.ROLLBACK), settle=False)
    story.hear(CannotServe(1, "no answer"))
    story.hear(ask(Ask.PROMOTE))  # release 2 serves, and nothing has to be written for it
    story.hear(seen(Traffic(1)))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {2: 100})


def test_a_candidate_that_was_to_go_live_at_once_and_cannot_is_refused() -> None:
    story = stable_story()
    at_once = replace(release(2, strategy=Strategy.ALL_AT_ONCE), requested_at=story.now)
    story.hear(CandidateReady(at_once), settle=False)
    story.hear(CannotServe(2, "its tasks end"))
    assert (story.state.phase, story.state.statuses[2]) == (Phase.STABLE, ReleaseStatus.REFUSED)
    assert story.alias() == {1: 100}


def test_a_candidate_with_a_share_that_cannot_take_more_is_left_to_a_person() -> None:
    story = canary_story()
    story.now += 150
    story.hear(evidence(story.state), settle=False)
    story.hear(CannotServe(2, "its version is gone"))
    assert story.state.phase is Phase.FROZEN
