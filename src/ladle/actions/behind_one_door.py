"""A model that moves has two homes behind one door, each with shares of its own: the door leads to one.

Another home gets the traffic in three steps, each of which may be the last before a crash: its own
shares are written, what has one answers, the door is led there by one write. Whoever wakes up next
reads how far that went, and does the rest. The home that was left runs on until the move is
finished, so the way back is the same write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from ladle import digest
from ladle.actions.sense_release import NO_REVISION
from ladle.errors import Conflict, Forbidden, NotFound, Unavailable
from ladle.policy.lock import Home
from ladle.policy.traffic import ObservedTraffic, Traffic
from ladle.ports import FrontDoor, HomeRouter, LedTo
from ladle.releases.homes import Homes

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one read found: nothing of homes that are gone, or may not be looked at, or that AWS gave up on:
    these are ``lost``. ``here`` is None for a door that leads to nothing of ours.
    """

    shares: Mapping[Home, ObservedTraffic | None]
    lost: Mapping[Home, Forbidden | NotFound]
    led: LedTo | None
    here: Home | None

    @property
    def revision(self) -> str:
        shares = [found and found.revision for found in self.shares.values()]
        return str(digest.of_json([self.led and self.led.revision, shares]))

    def leads(self, home: Home) -> bool:
        return self.led is not None and home.base in self.led.ready

    @property
    def traffic(self) -> Traffic | None:
        """What AWS gave up on says nothing of its shares: a person is needed, as where it leads elsewhere."""
        if self.here is None or self.here in self.lost:
            return Traffic(0)
        found = self.shares[self.here]
        return found.traffic if found is not None else None


class BehindOneDoor:
    """The TrafficRouter of all models. One with a single home costs no question more than its router's."""

    def __init__(
        self,
        homes_of: Callable[[str], Homes],
        routers: Callable[[Home], HomeRouter],
        door: FrontDoor,
    ) -> None:
        self._homes_of = homes_of
        self._routers = routers
        self._door = door

    def read(self, model: str) -> ObservedTraffic | None:
        """Not settled while the home that traffic is meant for is not ready: no write would help."""
        homes = self._homes_of(model)
        match homes.by_age:
            case [home]:
                return self._routers(home).read(model)
        seen = self._look(model, homes, homes.with_a_say)
        if seen.traffic is None:
            return None
        return ObservedTraffic(seen.traffic, seen.revision, self._settled(model, homes, seen))

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Returns while the other home is not ready: read again, and write again until it reads so.
        Raises ValueError for shares of two homes, which no door can give.
        """
        homes = self._homes_of(model)
        match homes.by_age:
            case [home]:
                self._routers(home).write(model, traffic, expected_revision)
                return
        home = _one_home(model, homes, traffic)
        is_rehearsal = expected_revision == NO_REVISION
        seen = self._look(model, homes, homes.by_age if is_rehearsal else homes.with_a_say)
        if is_rehearsal:
            self._rehearse(model, seen)
        if seen.revision != expected_revision:
            what = f"the traffic of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        found = seen.shares.get(home)
        if found is None:
            if isinstance(stuck := seen.lost.get(home), NotFound):
                raise stuck
            what = f"{model} has nothing on {home.target} that could serve {traffic}"
            raise NotFound("LD505", what, "deploy it: ladle deploy")
        if home == seen.here:
            self._routers(home).write(model, traffic, found.revision)
        else:
            self._lead(model, home, traffic, seen, found)

    def can_start(self, model: str, release: int) -> bool:
        home = self._homes_of(model).of(release)
        return home is not None and self._routers(home).can_start(model, release)

    def delete(self, model: str, release: int) -> None:
        """What ran in a home that was left went with it."""
        home = self._homes_of(model).of(release)
        if home is not None:
            self._routers(home).delete(model, release)

    def settle(self, model: str, traffic: Traffic) -> None:
        """The home that the door does not lead to runs on as it is: it may be gone back to."""
        home = self._homes_of(model).of(traffic.main)
        if home is not None:
            self._routers(home).settle(model, traffic)

    def switch(self, model: str, on: bool) -> None:
        """All homes: each of them costs."""
        for home in self._homes_of(model).by_age:
            self._routers(home).switch(model, on)

    def switched(self, model: str, on: bool) -> bool:
        return all(self._routers(home).switched(model, on) for home in self._homes_of(model).by_age)

    def _look(self, model: str, homes: Homes, asked: Sequence[Home]) -> _Seen:
        """The door last: what it leads to then reads as it was read, unless an alias moved meanwhile."""
        shares, lost = self._shares(model, asked)
        stuck = [home for home, why in lost.items() if isinstance(why, NotFound)]
        gone = [home for home in asked if shares[home] is None and home not in stuck]
        try:
            led = _answer(partial(self._door.read, model))
        except Forbidden:
            if len(asked) < len(homes.by_age):
                return self._look(model, homes, homes.by_age)
            if len(gone) != len(asked) - 1:
                raise
            led = None  # with all other homes the permission for the door went too
        here = _reached(homes, gone, led)
        if here is not None and here not in shares:
            return self._look(model, homes, (*asked, here))
        if here is not None and isinstance(denied := lost.get(here), Forbidden):
            raise denied
        return _Seen(shares, lost, led, here)

    def _shares(
        self, model: str, asked: Sequence[Home]
    ) -> tuple[dict[Home, ObservedTraffic | None], dict[Home, Forbidden | NotFound]]:
        """A deploy that went back takes a home away, and with it the permission to look; what AWS gave up
        on serves nobody. Neither holds up the other home.
        """
        shares: dict[Home, ObservedTraffic | None] = {}
        lost: dict[Home, Forbidden | NotFound] = {}
        for home in asked:
            try:
                shares[home] = _answer(partial(self._routers(home).read, model))
            except (Forbidden, NotFound) as why:
                shares[home], lost[home] = None, why
        return shares, lost

    def _settled(self, model: str, homes: Homes, seen: _Seen) -> bool:
        """Whether a write would do something now."""
        wanted = homes.wanted
        home = homes.of(wanted.main) if wanted is not None else None
        if wanted is None or home is None or home == seen.here:
            found = seen.shares[seen.here] if seen.here is not None else None
            return found is None or found.settled
        found = seen.shares.get(home)
        if found is None:
            return True  # it is gone, as the write will say
        if not seen.leads(home):
            return False
        if not wanted.reads_like(found.traffic):
            return found.settled
        try:
            return self._is_ready(model, home, wanted)
        except NotFound:
            return True  # it never will be, as the write will say

    def _lead(
        self, model: str, home: Home, traffic: Traffic, seen: _Seen, found: ObservedTraffic
    ) -> None:
        if seen.led is None or not seen.leads(home):
            what = f"the door of {model} cannot be led to {home.target} yet"
            raise Unavailable("LD504", what, "it can once the deploy is done")
        if not traffic.reads_like(found.traffic):
            self._routers(home).write(model, traffic, found.revision)
        elif self._is_ready(model, home, traffic):
            self._door.lead(model, home.base, seen.led.revision)

    def _is_ready(self, model: str, home: Home, traffic: Traffic) -> bool:
        is_ready = self._routers(home).is_ready
        return all(_answer(partial(is_ready, model, release)) for release in traffic.weights)

    def _rehearse(self, model: str, seen: _Seen) -> None:
        """All that is there is written as it is, on a revision that it cannot have."""
        for home, found in seen.shares.items():
            if found is not None:
                with suppress(Conflict, NotFound):
                    self._routers(home).write(model, found.traffic, NO_REVISION)
        if seen.led is not None and seen.led.base is not None:
            with suppress(Conflict, NotFound):
                self._door.lead(model, seen.led.base, NO_REVISION)


def _answer(question: Callable[[], Answer]) -> Answer:
    """Asked again at once where no answer came: a look that is many questions shall not fail more often
    than one.
    """
    with suppress(Unavailable):
        return question()
    return question()


def _reached(homes: Homes, gone: Sequence[Home], led: LedTo | None) -> Home | None:
    """Where requests go; perhaps a home that was not asked. None where they reach nothing of ours."""
    if led is not None:
        by_door = next((home for home in homes.by_age if home.base == led.base), None)
        if by_door is not None or homes.by_age[-1].base in led.ready:
            return by_door
    # Before a deploy has made all that a door can be led by, nobody led it: it is the oldest that is there.
    return next((home for home in homes.by_age if home not in gone), homes.by_age[0])


def _one_home(model: str, homes: Homes, traffic: Traffic) -> Home:
    found = {homes.of(release) for release in traffic.weights}
    if len(found) > 1:
        raise ValueError(f"no door of {model} gives shares to two homes: {traffic}")
    home = found.pop()
    if home is None:
        what = f"{traffic} of {model} ran in a home that was left"
        raise NotFound("LD505", what, "ladle history shows why")
    return home
