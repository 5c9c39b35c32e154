"""A model between two homes, in memory: every call to them or to the door can be the last before a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ladle.actions.behind_one_door import BehindOneDoor
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
    """``calls_left`` before the process ends; None lives on. ``unanswered`` are so many of the next calls.
    ``said`` is whatever had an effect.
    """

    calls_left: int | None = None
    unanswered: int = 0
    said: list[str] = field(default_factory=list)

    def call(self) -> None:
        if self.calls_left is not None:
            if self.calls_left == 0:
                raise Crashed
            self.calls_left -= 1
        if self.unanswered:
            self.unanswered -= 1
            raise Unavailable("LD504", "no answer came", "try again")


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
    stuck: bool = False
    on: bool = True
    settled: list[Traffic] = field(default_factory=list)

    def read(self, model: str) -> ObservedTraffic | None:
        self.world.call()
        if self.forbidden:
            raise Forbidden("LD319", "AWS refused", "give the permission back")
        if self.stuck:
            raise NotFound("LD506", "AWS gave up on it", "look at its log")
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
