"""One write at a time: what is open is ended before anything else is decided."""

from __future__ import annotations

from dataclasses import replace

from ladle.policy.rollout import GuardName
from ladle.releases.events import Ask, CandidateReady, IntentDone, NativeAlarmRang, TimePassed
from ladle.testing.releases import ask, canary_story, evidence, release, stable_story


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
