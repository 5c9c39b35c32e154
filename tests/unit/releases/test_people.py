"""A person always wins, what somebody else wrote is never undone by itself, and all of it is recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.effects import RecordKind
from ladle.releases.events import (
    Ask,
    CandidateReady,
    CandidateWithdrawn,
    NativeAlarmRang,
    TrafficObserved,
)
from ladle.testing.releases import (
    Story,
    ask,
    canary_story,
    evidence,
    holdback_story,
    release,
    seen,
    stable_story,
)


def test_a_person_rolls_back_to_the_proven_release_before() -> None:
    story = stable_story(3)
    story.hear(ask(Ask.ROLLBACK, reason="complaints"))
    assert story.alias() == {2: 100}
    row = story.last(RecordKind.ROLLED_BACK)
    assert (row.data["by"], row.data["reason"]) == ("ada", "complaints")


def test_a_second_rollback_goes_further_back_and_not_forth() -> None:
    story = stable_story(3)
    story.hear(ask(Ask.ROLLBACK))
    story.hear(ask(Ask.ROLLBACK))
    assert story.alias() == {1: 100}


def test_rollbacks_by_people_freeze_nothing() -> None:
    story = stable_story(3)
    story.hear(ask(Ask.ROLLBACK))
    story.hear(ask(Ask.ROLLBACK))
    assert story.state.phase is Phase.STABLE


def test_a_person_names_the_release() -> None:
    story = stable_story(3)
    story.hear(ask(Ask.ROLLBACK, to=1))
    assert story.alias() == {1: 100}


@pytest.mark.parametrize("to", [3, 9])
def test_a_rollback_that_cannot_be_is_refused_and_recorded(to: int) -> None:
    story = stable_story(3)
    story.hear(ask(Ask.ROLLBACK, to=to))
    assert story.alias() == {3: 100}
    row = story.last(RecordKind.REFUSED)
    assert row.data["by"] == "ada"
    assert str(to) in row.text


def test_a_person_promotes_without_evidence_and_is_recorded() -> None:
    story = canary_story()
    story.hear(ask(Ask.PROMOTE, reason="we know it"))
    assert story.alias() == {2: 95, 1: 5}
    assert story.last(RecordKind.PROMOTED).data["reason"] == "we know it"
    story.hear(ask(Ask.PROMOTE))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {2: 100})


@pytest.mark.parametrize("start", [stable_story, canary_story, holdback_story])
def test_while_a_person_pauses_nothing_moves(start: object) -> None:
    story: Story = start()  # type: ignore[operator]
    before = story.alias()
    story.hear(ask(Ask.PAUSE))
    if story.state.on_trial:
        story.hear(evidence(story.state, worse=GuardName.FAILURES))
        story.hear(NativeAlarmRang(2, samples=100))
    story.hear(CandidateWithdrawn("release-2"))
    canary_story(story, number=5)
    story.wait(1_000_000)
    assert (story.state.phase, story.alias()) == (Phase.PAUSED, before)
    assert story.state.statuses[5] is ReleaseStatus.REQUESTED


def test_after_a_pause_the_controller_sees_what_it_missed() -> None:
    story = canary_story()
    story.hear(ask(Ask.PAUSE))
    story.hear(ask(Ask.RESUME))
    assert story.state.phase is Phase.CANARY
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    assert story.alias() == {1: 100}


def test_a_foreign_write_freezes_and_is_never_undone() -> None:
    story = canary_story()
    story.hear(seen(Traffic(2)))
    assert story.state.phase is Phase.FROZEN
    story.wait(1_000_000)
    assert story.state.intent is None
    assert story.last(RecordKind.FROZEN).data["alias"] == {"version": "2", "weights": {"2": 1.0}}


def test_requests_that_reach_no_release_are_not_said_to_be_somebodys_doing() -> None:
    story = stable_story(2)
    story.hear(seen(Traffic(0)))
    assert story.state.phase is Phase.FROZEN
    assert story.last(RecordKind.FROZEN).text.startswith("requests reach no release")


def test_an_alias_that_is_gone_freezes() -> None:
    story = stable_story()
    story.hear(TrafficObserved(None))
    assert story.state.phase is Phase.FROZEN


def test_weight_on_a_quarantined_release_is_said_in_so_many_words() -> None:
    story = canary_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    story.hear(seen(Traffic(1, 2, 0.5)))
    assert "release 2, which is quarantined, gets traffic" in str(story.state.outbox[-1])


def test_plain_resume_does_not_choose_between_adopt_and_restore() -> None:
    story = canary_story()
    story.hear(seen(Traffic(2)))
    story.hear(ask(Ask.RESUME))
    assert story.state.phase is Phase.FROZEN
    assert "--adopt" in story.last(RecordKind.REFUSED).text


def test_what_was_counted_under_somebody_elses_shares_is_no_evidence() -> None:
    """Found by story 25,653: the freeze had come before the first release's own traffic was read."""
    story = Story()
    story.hear(CandidateReady(release(1)), settle=False)
    story.hear(seen(Traffic(2, 1, 0.1)))
    story.now += 500
    story.hear(seen(Traffic(1)))
    story.hear(ask(Ask.RESUME))
    assert (story.state.phase, story.state.evidence_since) == (Phase.BASELINE, story.now)


def test_adopt_keeps_what_somebody_wrote() -> None:
    story = canary_story()
    story.hear(seen(Traffic(2)))
    story.hear(ask(Ask.ADOPT, reason="it was me"))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {2: 100})
    assert [r.number for r in story.state.good] == [1, 2]


def test_adopting_another_share_goes_on_with_the_canary() -> None:
    story = canary_story()
    story.hear(seen(Traffic(1, 2, 0.5)))
    story.hear(ask(Ask.ADOPT))
    assert (story.state.phase, story.alias()) == (Phase.CANARY, {1: 50, 2: 50})


@pytest.mark.parametrize("found", [Traffic(99), Traffic(99, 1, 0.5)])
def test_what_is_no_release_is_not_adopted(found: Traffic) -> None:
    story = canary_story()
    story.hear(seen(found))
    story.hear(ask(Ask.ADOPT))
    assert story.state.phase is Phase.FROZEN


def test_restore_writes_the_ledgers_traffic_back() -> None:
    story = canary_story()
    story.hear(seen(Traffic(2)))
    story.hear(ask(Ask.RESTORE))
    assert (story.state.phase, story.alias()) == (Phase.CANARY, {1: 90, 2: 10})
    assert story.state.foreign is None


def test_every_ask_is_recorded_wherever_it_comes() -> None:
    for start in (Story, stable_story, canary_story, holdback_story):
        for what in Ask:
            story = start()
            decision = story.hear(ask(what, reason="because"))
            assert decision.records[0].data["by"] == "ada", (start, what)


@pytest.mark.parametrize("began", [stable_story, canary_story, holdback_story])
def test_a_model_that_is_taken_down_begins_again_as_a_first_release(
    began: Callable[[], Story],
) -> None:
    story = began()
    story.hear(ask(Ask.REMOVE, reason="nobody uses it"))
    assert (story.state.phase, story.state.traffic) == (Phase.EMPTY, None)
    assert story.last(RecordKind.REMOVED).data["reason"] == "nobody uses it"
    story.hear(CandidateReady(release(9)))
    assert (story.state.phase, story.alias()) == (Phase.BASELINE, {9: 100})


def test_what_was_quarantined_stays_so_when_the_model_is_taken_down() -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(2, 20))
    quarantine = story.state.quarantine
    story.hear(ask(Ask.REMOVE))
    assert quarantine
    assert story.state.quarantine == quarantine


def test_a_model_that_serves_nothing_cannot_be_taken_down() -> None:
    story = Story()
    story.hear(ask(Ask.REMOVE))
    assert story.kinds() == [RecordKind.REFUSED]


def test_what_is_quarantined_is_not_adopted() -> None:
    story = canary_story()
    story.hear(NativeAlarmRang(2, 20))
    story.hear(seen(Traffic(2)))
    story.hear(ask(Ask.ADOPT))
    assert story.state.phase is Phase.FROZEN
    assert "quarantined: lift it first" in story.last(RecordKind.REFUSED).text
