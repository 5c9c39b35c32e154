"""Three weeks of hourly counters: a day's course, releases, and a loss that has a cause or none."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.quality.counts import MICRO, Counts, Window
from ladle.why.series import Series, series

HOUR_S, HOURS = 3600.0, 504
BEGAN = 1_790_000_000 // 86_400 * 86_400.0  # midnight
LOST = 336  # the hour of the change


@dataclass(frozen=True, slots=True)
class Weeks:
    """``releases`` are the hours at which release 2, 3, … took over; ``loss`` is in rates, from the hour
    LOST on, of the release ``guilty`` and those after it, or of all when None. A release that takes over
    leaves 5 % to the one before it for a day.
    """

    seed: int
    releases: Sequence[int] = ()
    loss: float = 0.0
    guilty: int | None = None
    labels: int = 100
    wrong: float = 0.08
    over_h: int = 0

    def windows(self) -> Mapping[int, Sequence[Window]]:
        draws = random.Random(self.seed)
        found: dict[int, list[Window]] = {}
        for hour in range(HOURS):
            newest = 1 + sum(h <= hour for h in self.releases)
            rate = self.wrong + 0.01 * math.sin(2 * math.pi * hour / 24)
            beside = newest > 1 and hour - self.releases[newest - 2] < 24
            for release in (newest - 1, newest) if beside else (newest,):
                few = beside and release != newest
                n = self.labels // 20 if few else self.labels - (self.labels // 20 if beside else 0)
                lost = self.loss * self._share(hour, release)
                bad = sum(draws.random() < rate + lost for _ in range(n))
                counts = Counts(n, 0, 0, n * MICRO, bad * MICRO)
                found.setdefault(release, []).append(Window(BEGAN + hour * HOUR_S, counts))
        return found

    def series(self) -> Series:
        return series(self.windows(), BEGAN, BEGAN + HOURS * HOUR_S)

    def _share(self, hour: int, release: int) -> float:
        if self.guilty is not None:
            return float(release >= self.guilty)
        if not self.over_h:
            return float(hour >= LOST)
        return min(1.0, max(0.0, (hour - LOST) / self.over_h))
