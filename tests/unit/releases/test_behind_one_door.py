"""Two homes behind one door: whatever crashes on the way, requests are answered, and the end is the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.releases.two_homes import MODEL, NEW, OLD, RELEASES, Crashed, Moving, World

from ladle.actions.sense_release import NO_REVISION
from ladle.catalog import Target
from ladle.disk.alias import Alias
from ladle.errors import Conflict, Forbidden, NotFound, Unavailable
from ladle.policy.lock import Home
from ladle.policy.traffic import Traffic
from ladle.ports import LedTo
from ladle.releases.homes import Homes

TRAFFICS = st.sampled_from([Traffic(1), Traffic(2), Traffic(3), Traffic(4), Traffic(2, 1, 0.1)])


@given(
    st.lists(st.tuples(TRAFFICS, st.lists(st.integers(0, 12), max_size=4)), max_size=4),
    st.integers(0, 3),
)
def test_a_crash_between_any_two_calls_is_finished_by_the_next_wake_up(
    wishes: list[tuple[Traffic, list[int]]], starts_in: int
) -> None:
    moving = Moving(starts_in)
    for wanted, crashes in wishes:
        moving.want(wanted)
        for calls in crashes:
            moving.world.calls_left = calls
            try:
                moving.wake_up()
            except Crashed:
                assert moving.answers()
        moving.world.calls_left = None
        for _ in range(2 * starts_in + 1):
            moving.wake_up()
        assert moving.reads() == wanted
        assert moving.answers()
    if all(RELEASES[wanted.main] is NEW for wanted, _ in wishes):
        assert moving.homes[OLD].alias == Alias(Traffic(2))


def test_one_write_of_the_door_moves_all_requests_and_one_moves_them_back() -> None:
    moving = Moving()
    for wanted in (Traffic(3), Traffic(2)):
        moving.want(wanted)
        moving.wake_up()
    assert moving.world.said == ["door 2", "door 0"]


def test_the_other_homes_shares_are_written_before_the_door() -> None:
    moving = Moving()
    moving.want(Traffic(4))
    moving.wake_up()
    assert moving.world.said == ["shares 4", "door 2"]


def test_within_the_home_that_the_door_leads_to_shares_move_as_ever() -> None:
    moving = Moving()
    moving.want(Traffic(2, 1, 0.1))
    moving.wake_up()
    assert moving.world.said == ["shares 2"]


def test_nothing_is_written_and_nothing_waited_for_while_the_new_home_starts() -> None:
    moving = Moving(starts_in=3)
    moving.want(Traffic(3))
    seen = moving.router.read(MODEL)
    assert seen is not None
    assert (seen.traffic, seen.settled, moving.world.said) == (Traffic(2), False, [])


def test_a_home_that_is_not_behind_the_door_yet_gets_no_shares() -> None:
    moving = Moving()
    moving.door.led = LedTo(0, frozenset({0}), "first")
    moving.want(Traffic(4))
    seen = moving.router.read(MODEL)
    assert seen is not None
    assert not seen.settled
    with pytest.raises(Unavailable):
        moving.router.write(MODEL, Traffic(4), seen.revision)
    assert moving.world.said == []


@pytest.mark.parametrize("led", [None, LedTo(None, frozenset(), "no sample yet")])
def test_a_door_that_a_deploy_still_makes_leads_to_the_oldest_home(led: LedTo | None) -> None:
    moving = Moving()
    moving.door.led = led
    assert moving.reads() == Traffic(2)


def test_a_door_that_leads_to_nothing_of_ours_is_somebody_elses_write() -> None:
    moving = Moving()
    moving.door.led = LedTo(None, frozenset({0, 2}), "elsewhere")
    assert moving.reads() == Traffic(0)


@pytest.mark.parametrize("forbidden", [True, False])
def test_a_home_that_went_with_its_deploy_is_refused_and_the_other_goes_on(forbidden: bool) -> None:
    moving = Moving()
    moving.homes[NEW].alias, moving.homes[NEW].forbidden = None, forbidden
    moving.want(Traffic(3))
    seen = moving.router.read(MODEL)
    assert seen is not None
    assert seen.settled
    with pytest.raises(NotFound):
        moving.router.write(MODEL, Traffic(3), seen.revision)
    moving.want(Traffic(1))
    moving.wake_up()
    assert moving.reads() == Traffic(1)


def test_a_home_that_aws_gave_up_on_is_refused_and_the_other_goes_on() -> None:
    moving = Moving()
    moving.homes[NEW].stuck = True
    moving.want(Traffic(3))
    with pytest.raises(NotFound, match="gave up"):
        moving.wake_up()
    moving.want(Traffic(1))
    moving.wake_up()
    assert moving.reads() == Traffic(1)


def test_from_a_home_that_aws_gave_up_on_a_person_can_lead_the_door_away() -> None:
    moving = Moving()
    moving.door.led = LedTo(NEW.base, frozenset({0, 2}), "first")
    moving.homes[NEW].stuck = True
    assert moving.reads() == Traffic(0)
    moving.want(Traffic(2))
    moving.wake_up()
    assert moving.world.said == ["door 0"]


def test_who_may_not_look_at_the_home_that_serves_is_told_so() -> None:
    moving = Moving()
    moving.homes[OLD].forbidden = True
    with pytest.raises(Forbidden):
        moving.router.read(MODEL)


def test_a_release_that_never_starts_in_its_home_is_refused() -> None:
    moving = Moving()
    moving.homes[NEW].broken = {3}
    moving.want(Traffic(3))
    with pytest.raises(NotFound):
        moving.wake_up()
    assert moving.reads() == Traffic(2)


def test_whatever_changes_in_either_home_or_at_the_door_stops_a_write() -> None:
    for change in (OLD, NEW, None):
        moving = Moving()
        moving.want(Traffic(3))
        seen = moving.router.read(MODEL)
        assert seen is not None
        if change is None:
            moving.door.lead(MODEL, 0, "first")
        else:
            home = moving.homes[change]
            assert home.alias is not None
            home.write(MODEL, home.alias.traffic, home.alias.revision)
        with pytest.raises(Conflict):
            moving.router.write(MODEL, Traffic(3), seen.revision)


def test_a_home_without_a_say_is_asked_nothing() -> None:
    moving = Moving()
    moving.known = Homes(RELEASES, served=Traffic(2))
    moving.homes[NEW].forbidden = True
    moving.world.calls_left = 2
    assert moving.reads() == Traffic(2)


def test_a_home_that_somebody_led_the_door_to_is_asked_after_all() -> None:
    moving = Moving()
    moving.known = Homes(RELEASES, served=Traffic(2))
    moving.door.lead(MODEL, NEW.base, "first")
    assert moving.reads() == Traffic(3)


@pytest.mark.parametrize("unanswered", [1, 2])
def test_a_question_that_got_no_answer_is_asked_again_once(unanswered: int) -> None:
    moving = Moving()
    moving.world.unanswered = unanswered
    if unanswered == 1:
        assert moving.reads() == Traffic(2)
    else:
        with pytest.raises(Unavailable):
            moving.reads()


def test_a_rehearsal_asks_both_homes_and_the_door_and_moves_nothing() -> None:
    moving = Moving()
    with pytest.raises(Conflict):
        moving.router.write(MODEL, Traffic(2), NO_REVISION)
    assert moving.world.said == []


def test_a_door_gives_no_shares_to_two_homes() -> None:
    moving = Moving()
    with pytest.raises(ValueError, match="two homes"):
        moving.router.write(MODEL, Traffic(3, 2, 0.1), "any")


def test_a_model_with_one_home_never_asks_the_door() -> None:
    moving = Moving()
    moving.known = Homes({1: OLD, 2: OLD}, Traffic(1))
    moving.door.world = World(calls_left=0)
    moving.wake_up()
    assert moving.reads() == Traffic(1)


def test_the_home_that_is_left_is_stopped_with_the_other_and_settled_never() -> None:
    moving = Moving()
    moving.router.settle(MODEL, Traffic(3))
    moving.router.switch(MODEL, False)
    assert [home.settled for home in moving.homes.values()] == [[], [Traffic(3)]]
    assert moving.router.switched(MODEL, False)
    moving.homes[OLD].on = True
    assert not moving.router.switched(MODEL, False)


def test_a_release_of_a_home_that_was_left_is_gone() -> None:
    moving = Moving()
    moving.known = Homes({9: Home(Target.LAMBDA, 8)})
    moving.router.delete(MODEL, 2)
    assert not moving.router.can_start(MODEL, 2)
    assert 2 in moving.homes[OLD].versions


def test_numbers_tell_the_home_of_what_is_kept_no_more() -> None:
    homes = Homes({2: OLD, 5: NEW})
    assert [homes.of(number) for number in (1, 2, 3, 5)] == [OLD, OLD, NEW, NEW]
    assert Homes({}).by_age == (OLD,)
