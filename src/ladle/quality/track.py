"""What each bet of one guard has earned after each window; a window that changed costs itself and what follows.

Kept by bet, not by window: a hundred windows are then a few sums in C.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import EMPTY, Bet, Fair, Pair, Row, fair, log_sum_exp
from ladle.quality.pairing import pooled


def alike(old: Sequence[object], new: Sequence[object]) -> int:
    """How many of them are equal from the first on, by halving: lists are compared in C."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if old[low:middle] == new[low:middle] else (low, middle - 1)
    return low


def extend(sums: list[float], first: int, more: Sequence[float]) -> None:
    """Running sums, which begin with 0 and go on with ``more`` after the first so many amounts."""
    del sums[first + 1 :]
    sums += accumulate(more, initial=sums.pop())


@dataclass(slots=True)
class Mixture:
    """Bets with one margin, and nats of each after 0, 1, 2, … windows."""

    bets: tuple[Bet, ...]
    nats: list[list[float]] = field(init=False)
    log_parts: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.nats = [[0.0] for _ in self.bets]
        self.log_parts = tuple(math.log(bet.part) for bet in self.bets)

    def follow(self, first: int, rows: Sequence[Fair]) -> None:
        for bet, earned in zip(self.bets, self.nats, strict=True):
            extend(earned, first, bet.grown(rows))

    def after(self, windows: int) -> list[float]:
        return [earned[windows] for earned in self.nats]

    def log_e(self, windows: int) -> float:
        shares = [e[windows] + part for e, part in zip(self.nats, self.log_parts, strict=True)]
        return log_sum_exp(shares)

    def bounds(self, first: int) -> list[float]:
        """No log e-value exceeds its richest bet, had it the whole capital."""
        return list(map(max, *[earned[first:] for earned in self.nats]))


class Track:
    """One comparison of two releases. ``worse`` bets that the candidate is, ``better`` that it is not.
    ``climbs``: what ``worse`` was at its highest is asked for, not only what it is in the end.
    """

    def __init__(
        self, worse: Sequence[Bet], better: Sequence[Bet] = (), climbs: bool = True
    ) -> None:
        self._climbs = climbs
        self.worse = Mixture(tuple(worse))
        self.better = Mixture(tuple(better))
        self._margin = worse[0].margin
        self._readings: list[Row] = []
        self._held: list[Row] = [EMPTY]
        self._seen: list[list[float]] = [[0.0] for _ in EMPTY]
        self._bounds: list[float] = [0.0]
        self._log_e: dict[int, float] = {}
        self._highest: list[float] = [0.0]

    def follow(self, first: int, readings: Sequence[Row]) -> int:
        """Windows from ``first`` on are these; returns the first that is not as it was."""
        return self._renew(first, first + alike(self._readings[first:], readings), readings)

    def _renew(self, given: int, first: int, readings: Sequence[Row]) -> int:
        """Windows from ``given`` on are these, and from ``first`` on something changed."""
        if first == len(self._readings) == given + len(readings):
            return first
        readings = readings[first - given :]
        del self._readings[first:], self._held[first + 1 :], self._highest[first + 1 :]
        self._readings += readings
        rows = self._pool(readings)
        for k, sums in enumerate(self._seen):
            extend(sums, first, [row[k] for row in rows])
        settled = fair(rows, self._margin)
        self.worse.follow(first, settled)
        self.better.follow(first, settled)
        if self._climbs:
            self._bounds[first:] = self.worse.bounds(first)
            self._log_e = {k: v for k, v in self._log_e.items() if k <= first}
            self._climb(first)
        return first

    def seen(self) -> Pair:
        """All that counted so far."""
        stable, theirs, candidate, ours = (sums[-1] for sums in self._seen)
        return Pair(ArmCounts(stable, theirs), ArmCounts(candidate, ours))

    def bounds(self, first: int) -> Sequence[float]:
        """At least ``log_e``, after ``first`` windows and each further one."""
        return self._bounds[first:]

    def log_e(self, windows: int) -> float:
        """That the candidate is worse, after so many windows."""
        if windows not in self._log_e:
            self._log_e[windows] = self.worse.log_e(windows)
        return self._log_e[windows]

    @property
    def highest(self) -> float:
        """The most that ``log_e`` ever was."""
        return self._highest[-1]

    def _pool(self, readings: Sequence[Row]) -> list[Row]:
        rows, held = [], self._held[-1]
        for reading in readings:
            held, row = pooled(held, reading)
            rows.append(row)
            self._held.append(held)
        return rows

    def _climb(self, first: int) -> None:
        highest = self._highest[first]
        for k, bound in enumerate(self._bounds[first + 1 :], start=first + 1):
            if bound > highest:
                highest = max(highest, self.log_e(k))
            self._highest.append(highest)
