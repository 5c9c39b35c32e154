"""Two releases under the same traffic, window by window, from a seed.

What happens to a request is drawn as it happens in production: chance deals it to a release, then
the release answers well or badly, then, perhaps much later, somebody says which.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from ladle.quality.counts import MICRO, Counts, Window

Rate = Callable[[int], float]  # of window k


@dataclass(frozen=True, slots=True)
class Traffic:
    """Mean requests a window, and the part of them that the candidate gets."""

    per_window: float = 600.0
    candidate_share: float = 0.1
    window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Labels:
    """How long a label takes on average, in windows, for wrong answers and for right ones, and the
    part of the answers that is ever labelled.
    """

    wrong_after: float
    right_after: float
    coverage: float = 1.0


def constant(rate: float) -> Rate:
    return lambda _window: rate


def outage(rate: float, during: float, first: int, last: int) -> Rate:
    """A shared dependency fails for both releases from window ``first`` to ``last``."""
    return lambda window: during if first <= window <= last else rate


def diurnal(rate: float, windows_a_day: int, depth: float = 0.8) -> Rate:
    return lambda window: rate * (1 + depth * math.sin(2 * math.pi * window / windows_a_day))


def bursty(rate: float, draws: random.Random, spread: float = 1.0, memory: float = 0.9) -> Rate:
    """Log-autoregressive noise around ``rate``; the same for both releases, as bursts are."""
    levels: list[float] = []

    def at(window: int) -> float:
        while len(levels) <= window:
            before = levels[-1] if levels else 0.0
            levels.append(memory * before + spread * math.sqrt(1 - memory**2) * draws.gauss(0, 1))
        return min(1.0, rate * math.exp(levels[window]))

    return at


def failing(
    draws: random.Random, traffic: Traffic, windows: int, stable: Rate, candidate: Rate
) -> tuple[list[Window], list[Window]]:
    """Windows of the stable release and of the candidate, with failures."""
    theirs: list[Window] = []
    ours: list[Window] = []
    for k in range(windows):
        for arm, n, rate in zip(
            (theirs, ours), deal(draws, traffic), (stable, candidate), strict=True
        ):
            failed = binomial(draws, n, rate(k))
            arm.append(Window(k * traffic.window_s, Counts(requests=n, failed=failed)))
    return theirs, ours


class LateLabels:
    """Labels of both releases as they come in; :meth:`look` is what the counters hold after a window."""

    def __init__(self, draws: random.Random, traffic: Traffic, labels: Labels) -> None:
        self._draws = draws
        self._traffic = traffic
        self._labels = labels
        self._arms: tuple[list[_Answers], list[_Answers]] = ([], [])

    def pass_window(self, stable_wrong: float, candidate_wrong: float) -> None:
        """One more window of requests, and the labels that arrive during it."""
        sizes = deal(self._draws, self._traffic)
        for arm, n, rate in zip(self._arms, sizes, (stable_wrong, candidate_wrong), strict=True):
            wrong = binomial(self._draws, n, rate)
            arm.append(_Answers(n, wrong, n - wrong))
            for answers in arm:
                answers.label(self._draws, self._labels)

    def look(self) -> tuple[list[Window], list[Window]]:
        stable, candidate = (
            [Window(k * self._traffic.window_s, a.counts()) for k, a in enumerate(arm)]
            for arm in self._arms
        )
        return stable, candidate


class _Answers:
    """Answers of one window: how many of each kind still wait for their label."""

    def __init__(self, requests: int, wrong: int, right: int) -> None:
        self._requests = requests
        self._waiting = [wrong, right]
        self._came = [0, 0]
        self._thinned = False

    def label(self, draws: random.Random, labels: Labels) -> None:
        if not self._thinned:
            self._waiting = [binomial(draws, n, labels.coverage) for n in self._waiting]
            self._thinned = True
        for kind, after in enumerate((labels.wrong_after, labels.right_after)):
            came = binomial(draws, self._waiting[kind], 1 - math.exp(-1 / after))
            self._waiting[kind] -= came
            self._came[kind] += came

    def counts(self) -> Counts:
        wrong, right = self._came
        return Counts(
            requests=self._requests,
            labelled_micro=(wrong + right) * MICRO,
            wrong_micro=wrong * MICRO,
        )


def deal(draws: random.Random, traffic: Traffic) -> tuple[int, int]:
    """Requests of one window, dealt to the stable release and to the candidate by chance."""
    n = poisson(draws, traffic.per_window)
    candidate = binomial(draws, n, traffic.candidate_share)
    return n - candidate, candidate


def poisson(draws: random.Random, mean: float) -> int:
    """By the normal curve above 100, where nobody can tell."""
    if mean > 100:
        return max(0, round(draws.gauss(mean, math.sqrt(mean))))
    n, left = 0, draws.expovariate(1.0)
    while left < mean:
        n += 1
        left += draws.expovariate(1.0)
    return n


def binomial(draws: random.Random, n: int, p: float) -> int:
    """Exact: jumps from one success to the next."""
    if p > 0.5:
        return n - binomial(draws, n, 1 - p)
    if p <= 0 or n <= 0:
        return 0
    step, hits, at = 1 / math.log1p(-p), 0, 0
    while True:
        at += math.floor(math.log(1.0 - draws.random()) * step) + 1
        if at > n:
            return hits
        hits += 1
