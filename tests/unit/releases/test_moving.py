"""A release that moves its model goes live at once, can be taken back at once, and ends the move by a person's word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ladle.catalog import Strategy, Target
from ladle.policy.lock import Home
from ladle.policy.rollout import GuardName
from ladle.policy.statuses import Phase, ReleaseStatus
from ladle.policy.traffic import Traffic
from ladle.releases.effects import RecordKind
from ladle.releases.events import Ask, CandidateReady, NativeAlarmRang, RollbackTried, TimePassed
from ladle.releases.intent import IntentKind
from ladle.releases.outbox import Retire
from ladle.testing.releases import (
    Story,
    ask,
    canary_story,
    evidence,
    holdback_story,
    moved,
    moved_story,
    moving_story,
    release,
    seen,
    stable_story,
)

OLD, NEW = Home(Target.LAMBDA), Home(Target.ECS, 2)


@pytest.mark.parametrize("strategy", Strategy)
def test_whatever_its_config_says_it_goes_live_with_nothing_held_back(strategy: Strategy) -> None:
    story = moving_story(strategy=strategy, holdback_percent=5.0)
    assert (story.state.phase, story.alias()) == (Phase.HOLDBACK, {3: 100})
    assert "from lambda to ecs (image)" in story.last(RecordKind.INTENT).text


def test_within_one_home_nothing_is_new() -> None:
    story = moved_story()
    story.now += 1
    next_one = replace(release(4), target=Target.ECS, base=2, requested_at=story.now)
    story.hear(CandidateReady(next_one))
    assert (story.state.phase, story.alias()) == (Phase.CANARY, {3: 90, 4: 10})


def test_its_native_alarm_leads_back_to_the_home_before() -> None:
    story = moving_story()
    story.hear(NativeAlarmRang(3, 50))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {2: 100})


def test_a_person_leads_back_to_the_home_before() -> None:
    story = moved_story()
    story.hear(ask(Ask.ROLLBACK))
    assert story.alias() == {2: 100}


def test_a_person_ends_its_holdback() -> None:
    story = moving_story()
    story.hear(ask(Ask.PROMOTE))
    assert (story.state.phase, story.alias()) == (Phase.STABLE, {3: 100})
    assert story.state.homes == {OLD, NEW}


def test_what_cannot_be_taken_back_does_not_begin() -> None:
    story = stable_story(2)
    story.now += 1
    story.hear(CandidateReady(replace(moved(3), requested_at=story.now)), settle=False)
    assert story.state.intent is not None
    assert story.state.intent.kind is IntentKind.GO_LIVE
    story.hear(RollbackTried("AccessDeniedException"), settle=False)
    assert (story.state.phase, story.state.waiting[0].number) == (Phase.STABLE, 3)


def test_a_release_of_the_home_before_moves_back_as_it_came() -> None:
    story = moved_story()
    story.now += 1
    story.hear(CandidateReady(replace(release(4), requested_at=story.now)))
    assert (story.state.phase, story.alias()) == (Phase.HOLDBACK, {4: 100})


def test_what_somebody_split_between_two_homes_is_not_adopted() -> None:
    story = moving_story()
    story.hear(seen(Traffic(3, 2, 0.5)))
    story.hear(ask(Ask.ADOPT))
    assert story.state.phase is Phase.FROZEN


def test_a_home_is_let_go_of_with_all_its_releases_and_a_row() -> None:
    story = moved_story()
    outbox = story.state.outbox
    story.hear(ask(Ask.LEAVE, to=0, reason="it serves well"))
    state = story.state
    assert [r.number for r in (*state.good, *state.releases)] == [3, 3]
    assert state.homes == {NEW}
    assert {state.statuses[1], state.statuses[2]} == {ReleaseStatus.RETIRED}
    row = story.last(RecordKind.LEFT)
    assert (row.data["by"], row.data["reason"]) == ("ada", "it serves well")
    assert (row.data["to"], row.data["releases"]) == (0, [1, 2])
    assert state.outbox == outbox  # its versions go with their resources
    assert story.alias() == {3: 100}


def test_after_that_nothing_goes_back_there() -> None:
    story = moved_story()
    story.hear(ask(Ask.LEAVE, to=0))
    late = replace(release(9), requested_at=story.now)
    story.hear(ask(Ask.ROLLBACK))
    story.hear(ask(Ask.ROLLBACK, to=2))
    story.hear(CandidateReady(late))
    assert story.alias() == {3: 100}
    assert story.state.statuses[9] is ReleaseStatus.REFUSED
    assert story.state.homes == {NEW}


def test_the_new_home_is_let_go_of_after_a_rollback() -> None:
    story = moved_story()
    story.hear(ask(Ask.ROLLBACK))
    story.hear(ask(Ask.LEAVE, to=2))
    assert story.state.homes == {OLD}
    assert story.alias() == {2: 100}
    assert max(story.state.statuses) == 3  # no later home may have the base of this one


def test_what_was_handed_over_there_may_be_handed_over_elsewhere() -> None:
    story = moving_story()
    story.hear(NativeAlarmRang(3, 50))
    story.hear(ask(Ask.LEAVE, to=2))
    assert story.state.handed_over == "release-2"


@pytest.mark.parametrize(
    ("began", "to", "why"),
    [
        (moved_story, 2, "release 3, which serves, runs there"),
        (moved_story, None, "no home is named"),
        (moving_story, 0, "not possible while HOLDBACK"),
        (canary_story, 0, "not possible while CANARY"),
        (holdback_story, 0, "not possible while HOLDBACK"),
        (Story, 0, "not possible while EMPTY"),
    ],
)
def test_a_home_that_is_needed_is_kept(
    began: Callable[[], Story], to: int | None, why: str
) -> None:
    story = began()
    releases = story.state.releases
    story.hear(ask(Ask.LEAVE, to=to))
    assert why in story.last(RecordKind.REFUSED).text
    assert story.state.releases == releases
    assert not story.state.left


def test_what_a_sleeping_controller_may_yet_write_is_kept() -> None:
    story = stable_story(2)
    story.now += 1
    story.hear(CandidateReady(replace(moved(3), requested_at=story.now)), settle=False)
    story.hear(RollbackTried("AccessDeniedException"), settle=False)
    story.hear(ask(Ask.LEAVE, to=2))
    assert "a controller that sleeps may yet write" in story.last(RecordKind.REFUSED).text
    story.now += 3600  # so long does none
    story.hear(ask(Ask.LEAVE, to=2))
    assert story.state.homes == {OLD}


def test_an_ask_waits_while_the_alias_is_about_to_be_written() -> None:
    story = stable_story(2)
    story.now += 1
    story.hear(CandidateReady(replace(moved(3), requested_at=story.now)), settle=False)
    assert not story.hear(ask(Ask.LEAVE, to=0), settle=False).heard


def test_a_guard_that_says_worse_leads_back_too() -> None:
    story = moving_story()
    story.hear(evidence(story.state, worse=GuardName.FAILURES))
    assert story.alias() == {2: 100}


def test_while_it_moves_nothing_is_deleted_where_it_does_not_serve() -> None:
    story = _moved_for_good()
    assert not [effect for effect in story.state.outbox if isinstance(effect, Retire)]
    assert "goes with its home" in story.last(RecordKind.RETIRED).text


def test_until_it_is_let_go_of_a_home_is_known_by_one_release() -> None:
    story = _moved_for_good()
    assert {r.number for r in story.state.releases} == {2, *range(3, 8)}
    assert story.state.homes == {NEW}
    story.hear(ask(Ask.LEAVE, to=0))
    assert {r.number for r in story.state.releases} == {*range(3, 8)}


def test_a_home_where_nothing_came_to_serve_is_let_go_of_with_the_other() -> None:
    story = stable_story(2)
    for release_ in (moved(3), replace(moved(4), target=Target.LAMBDA)):
        story.now += 1
        story.hear(CandidateReady(replace(release_, requested_at=story.now)))
        story.hear(NativeAlarmRang(release_.number, 50))
        story.hear(ask(Ask.RESUME))
    story.hear(ask(Ask.LEAVE, to=3))
    assert {r.home for r in story.state.releases} == {OLD}
    assert set(story.state.left) == {2, 3}


def _moved_for_good() -> Story:
    """So many releases are proven in the new home that none of the old one is gone back to."""
    story = moved_story()
    for number in range(4, 8):
        story.now += 1
        later = replace(release(number), target=Target.ECS, base=2, requested_at=story.now)
        story.hear(CandidateReady(later))
        story.hear(ask(Ask.PROMOTE))
        story.hear(ask(Ask.PROMOTE))
    story.hear(TimePassed())
    assert story.alias() == {7: 100}
    return story


def test_a_home_that_never_had_a_release_may_have_one_yet() -> None:
    story = stable_story(2)
    story.hear(ask(Ask.LEAVE, to=2))
    story.now += 1
    story.hear(CandidateReady(replace(moved(3), requested_at=story.now)))
    assert story.alias() == {3: 100}
