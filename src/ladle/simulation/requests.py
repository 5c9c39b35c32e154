"""What a release's requests leave in the counters, drawn from a seed in steps of time.

Counts far from zero are drawn by the normal curve, so that a busy model costs no more than a quiet
one.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ladle.quality import errors
from ladle.quality.counts import MICRO, Counts, Window, WindowKey, latency_bin
from ladle.simulation.scenario import Labels, Truth
from ladle.simulation.streams import binomial

LATENCY_SPREAD = 0.35  # of the logarithm
NEAR, FAR = 1.0, 8.0  # errors of a regression whose answer is right, or wrong, in a scenario
_NORMAL_ABOVE = 100.0  # variance


@dataclass(slots=True)
class MemoryCounters:
    """A CounterStore of one process. Windows that did not change are the same objects again."""

    windows: dict[tuple[str, int], dict[float, Window]] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)

    def add(self, batches: Mapping[str, Mapping[WindowKey, Counts]]) -> frozenset[str]:
        new = {id_: deltas for id_, deltas in batches.items() if deltas and id_ not in self.added}
        self.added |= new.keys()
        for deltas in new.values():
            for key, counts in deltas.items():
                self.put(key, counts)
        return frozenset(new)

    def was_added(self, batch_id: str, now: float) -> bool:
        raise AssertionError("labels come as counts here")

    def put(self, key: WindowKey, counts: Counts) -> None:
        arm = self.windows.setdefault((key.model, key.release), {})
        before = arm.get(key.start)
        arm[key.start] = Window(key.start, before.counts + counts if before else counts)

    def read(self, model: str, release: int, since: float) -> Sequence[Window]:
        arm = self.windows.get((model, release), {})
        return sorted((w for w in arm.values() if w.start >= since), key=lambda w: w.start)


@dataclass(slots=True)
class LabelsOnTheWay:
    """Labels by the step in which they arrive; of a regression, how far off they say it was."""

    draws: random.Random
    step_s: float
    is_numeric: bool = False
    _due: dict[int, dict[WindowKey, Counts]] = field(default_factory=lambda: defaultdict(dict))

    def send(self, key: WindowKey, step: int, wrong: int, right: int, labels: Labels) -> None:
        for n, after, is_wrong in (
            (wrong, labels.wrong_after, True),
            (right, labels.right_after, False),
        ):
            kept = some(self.draws, n, labels.coverage)
            for later, came in _delays(self.draws, kept, after / self.step_s):
                counts = self._said(came, is_wrong)
                due = self._due[step + later]
                due[key] = due.get(key, Counts()) + counts

    def _said(self, came: int, is_wrong: bool) -> Counts:
        if not self.is_numeric:
            return Counts(labelled_micro=came * MICRO, wrong_micro=came * MICRO * is_wrong)
        off = errors.tallies(FAR if is_wrong else NEAR, 0.0, came * MICRO)
        return Counts(labelled_micro=came * MICRO, tallies=off)

    def arriving(self, step: int) -> Mapping[WindowKey, Counts]:
        return self._due.pop(step, {})


def _delays(draws: random.Random, n: int, mean_steps: float) -> Iterator[tuple[int, int]]:
    """How many arrive how many steps later: one by one, or step by step where that is shorter."""
    if n <= 8 * mean_steps:
        for _ in range(n):
            yield int(draws.expovariate(1 / mean_steps)), 1
        return
    each, later = 1 - math.exp(-1 / mean_steps), 0
    while n:
        came = some(draws, n, each)
        if came:
            yield later, came
        n, later = n - came, later + 1


def answers(draws: random.Random, n: int, truth: Truth) -> Counts:
    """``n`` requests to a release of which this is true."""
    failed = some(draws, n, truth.failures if truth.starts else 1.0)
    latency, left, unseen = {}, n - failed, 1.0
    for bin_, share in _latency_shares(truth.latency_ms):
        if left == 0:
            break
        here = some(draws, left, min(1.0, share / unseen))
        if here:
            latency[bin_] = here
        left, unseen = left - here, unseen - share
    return Counts(requests=n, failed=failed, latency=latency)


@lru_cache(64)
def _latency_shares(median_ms: float) -> tuple[tuple[int, float], ...]:
    """Bins with the share of a log-normal latency that falls into each, the last takes the rest."""
    below, shares = 0.0, []
    for bin_ in range(48):
        bound = 0.25 * math.sqrt(2) ** bin_
        z = math.log(bound / median_ms) / LATENCY_SPREAD
        up_to = 0.5 * math.erfc(-z / math.sqrt(2)) if bin_ < 47 else 1.0
        if up_to - below > 1e-9:
            shares.append((latency_bin(bound), up_to - below))
            below = up_to
    return (*shares[:-1], (shares[-1][0], 1.0))


def some(draws: random.Random, n: int, p: float) -> int:
    """How many of ``n`` with chance ``p`` each."""
    variance = n * p * (1 - p)
    if variance < _NORMAL_ABOVE:
        return binomial(draws, n, p)
    return min(n, max(0, round(draws.gauss(n * p, math.sqrt(variance)))))
