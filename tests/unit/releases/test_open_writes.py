"""One write at a time: what is open is ended before anything else is decided."""

from __future__ import annotations

from dataclasses import replace

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase
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
