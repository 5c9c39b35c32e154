"""Two homes behind one door: whatever crashes on the way, requests are answered, and the end is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ladle.actions.behind_one_door import BehindOneDoor
from ladle.actions.sense_release import NO_REVISION
from ladle.catalog import Target
from ladle.disk.alias import Alias, written
from ladle.errors import Conflict, Forbidden, NotFound, Unavailable
from ladle.policy.lock import Home
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import LedTo
from ladle.releases.homes import Homes

MODEL = "fraud"
OLD, NEW = Home(Target.LAMBDA), Home(Target.ECS, 2)
RELEASES: Mapping[int, Home] = {1: OLD, 2: OLD, 3: NEW, 4: NEW}


class Crashed(Exception):
    """The process ended between two calls."""


@dataclass
class World:
    """``calls_left`` before the process ends; None lives on. ``said`` is whatever had an effect."""

    calls_left: int | None = None
    said: list[str] = field(default_factory=list)

    def call(self) -> None:
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise Crashed
            self.calls_left -= 1


@dataclass
class MemoryHome:
    """A release starts when it is first to get a share, ``starts_in`` looks before it does; ``broken``
    ones never do.
    """

    world: World
    alias: Alias | None
    versions: set[int]
    starts_in: dict[int, int] = field(default_factory=dict)
    starting: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    forbidden: bool = False
    on: bool = True
    settled: list[Traffic] = field(default_factory=list)

    def read(self, model: str) -> ObservedTraffic | None:
        self.world.call()
        if self.forbidden:
            raise Forbidden("LD319", "AWS refused", "give the permission back")
        self.starting = {release for release in self.starting if not self.is_up(release)}
        if self.alias is None:
            return None
        return replace(self.alias.observed(), settled=not self.starting)

    def is_up(self, release: int) -> bool:
        self.starts_in[release] = max(self.starts_in.get(release, 0) - 1, 0)
        return self.starts_in[release] == 0

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        self.world.call()
        if self.alias is not None and expected_revision == self.alias.revision:
            self.starting = {release for release in traffic.weights if self.starts_in.get(release)}
            if self.starting:
                return
        self.alias = written(model, self.alias, traffic, expected_revision, self.versions)
        self.world.said.append(f"shares {traffic.main}")

    def is_ready(self, model: str, release: int) -> bool:
        self.world.call()
        if release in self.broken:
            raise NotFound("LD505", f"release {release} does not start", "look at its log")
        return self.is_up(release)

    def can_start(self, model: str, release: int) -> bool:
        self.world.call()
        return release in self.versions

    def delete(self, model: str, release: int) -> None:
        self.versions.discard(release)

    def settle(self, model: str, traffic: Traffic) -> None:
        self.settled.append(traffic)

    def switch(self, model: str, on: bool) -> None:
        self.on = on

    def switched(self, model: str, on: bool) -> bool:
        return self.on is on


@dataclass
class MemoryDoor:
    world: World
    led: LedTo | None

    def read(self, model: str) -> LedTo | None:
        self.world.call()
        return self.led

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        self.world.call()
        if self.led is None or expected_revision != self.led.revision:
            raise Conflict("LD503", "the door changed since it was read", "read it again")
        self.led = LedTo(base, self.led.ready, f"{self.led.revision}+")
        self.world.said.append(f"door {base}")


class Moving:
    """A model between its two homes: release 2 serves, release 3 is the new home's first."""

    def __init__(self, starts_in: int = 0) -> None:
        self.world = World()
        self.homes = {
            OLD: MemoryHome(self.world, Alias(Traffic(2)), {1, 2}),
            NEW: MemoryHome(self.world, Alias(Traffic(3)), {3, 4}),
        }
        for release in (3, 4):
            self.homes[NEW].starts_in[release] = starts_in
        self.door = MemoryDoor(self.world, LedTo(0, frozenset({0, 2}), "first"))
        self.known = Homes(RELEASES)
        self.router = BehindOneDoor(
            lambda _model: self.known, lambda home: self.homes[home], self.door
        )

    def want(self, traffic: Traffic) -> None:
        self.known = replace(self.known, wanted=traffic)

    def wake_up(self) -> None:
        """As the controller does it: reads, and writes what is wanted until it reads so or must wait."""
        wanted = self.known.wanted
        assert wanted is not None
        while True:
            seen = self.router.read(MODEL)
            assert seen is not None
            if not seen.settled or wanted.reads_like(seen.traffic):
                return
            self.router.write(MODEL, wanted, seen.revision)

    def answers(self) -> bool:
        """Whether the door leads where what has shares has started."""
        home = self.homes[OLD if self.door.led is None or self.door.led.base == 0 else NEW]
        assert home.alias is not None
        return all(not home.starts_in.get(release) for release in home.alias.traffic.weights)

    def reads(self) -> Traffic:
        seen = self.router.read(MODEL)
        assert seen is not None
        return seen.traffic


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
