"""Where the releases of a model run: one home, or two while it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ladle.catalog import Target
from ladle.policy.lock import Home
from ladle.policy.traffic import Traffic
from ladle.releases.state import Release, ReleaseState
from ladle.values import replace


@dataclass(frozen=True, slots=True)
class Homes:
    """``known`` are those of all releases that are kept: one that lost its traffic may have it still.
    ``wanted`` is the traffic that the ledger is about to have written, ``served`` what it had written
    last.
    """

    known: Mapping[int, Home]
    wanted: Traffic | None = None
    served: Traffic | None = None

    @classmethod
    def told_by(cls, state: ReleaseState, on_the_way: tuple[Release, ...] = ()) -> Homes:
        """``on_the_way`` are releases that the controller has not heard of yet."""
        kept = (*on_the_way, *state.startable, *state.releases)
        wanted = state.intent.traffic if state.intent else None
        return cls({release.number: release.home for release in kept}, wanted, state.traffic)

    @property
    def as_they_are(self) -> Homes:
        """For those who move no traffic: nothing is waited for."""
        return replace(self, wanted=None)

    @property
    def newest(self) -> Home:
        """The newest release's. Where nothing is known yet, Lambda: nobody deployed it elsewhere."""
        return self.known[max(self.known)] if self.known else Home(Target.LAMBDA)

    @property
    def by_age(self) -> tuple[Home, ...]:
        """The one that was moved into last at the end."""
        found = frozenset(self.known.values()) or {self.newest}
        return tuple(sorted(found, key=lambda home: home.base))

    @property
    def with_a_say(self) -> tuple[Home, ...]:
        """Those without one are asked nothing, so that no trouble there holds up a decision. Where nothing
        was written yet, all of them.
        """
        meant = {self.of(traffic.main) for traffic in (self.served, self.wanted) if traffic}
        return tuple(home for home in self.by_age if home in meant) or self.by_age

    def of(self, release: int) -> Home | None:
        """By its number for one that is kept no more; None where its home was left since."""
        if release in self.known:
            return self.known[release]
        return next((home for home in reversed(self.by_age) if home.base < release), None)
