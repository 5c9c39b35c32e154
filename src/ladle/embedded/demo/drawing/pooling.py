"""Accuracy from few labels: windows are pooled until there are enough, and the doubt is drawn too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ladle.quality.counts import MICRO, Counts, Window

Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Pool:
    """Consecutive windows of one release taken as one; ``low`` and ``high`` bound the accuracy
    with 95 % (Wilson's interval), counted in labelled requests.
    """

    start: float
    end: float
    labelled: float
    wrong: float
    low: float
    high: float

    @property
    def accuracy(self) -> float:
        return 1 - self.wrong / self.labelled


def pools(windows: Sequence[Window], window_s: float, at_least: float) -> list[Pool]:
    """Pools of at least ``at_least`` labelled requests; what is left at the end joins the last."""
    found: list[tuple[float, float, float, float]] = []
    start: float | None = None
    labelled = wrong = 0.0
    for window in windows:
        if not window.counts.labelled_micro:
            continue
        start = window.start if start is None else start
        labelled += window.counts.labelled_micro / MICRO
        wrong += window.counts.wrong_micro / MICRO
        end = window.start + window_s
        if labelled >= at_least:
            found.append((start, end, labelled, wrong))
            start, labelled, wrong = None, 0.0, 0.0
    if start is not None:
        if found:
            start, _, before, wrong_before = found.pop()
            labelled, wrong = labelled + before, wrong + wrong_before
        found.append((start, end, labelled, wrong))
    return [Pool(s, e, n, w, *wilson(n - w, n)) for s, e, n, w in found]


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % score interval for a rate."""
    rate = successes / n
    centre = rate + Z_95**2 / (2 * n)
    spread = Z_95 * math.sqrt(max(rate * (1 - rate), 0.0) / n + Z_95**2 / (4 * n * n))
    below = 1 + Z_95**2 / n
    return max(0.0, (centre - spread) / below), min(1.0, (centre + spread) / below)


def pool_size(releases: Iterable[Counts]) -> float:
    """So many labelled requests a point that the release with the fewest still has about six."""
    labelled = [c.labelled_micro / MICRO for c in releases if c.labelled_micro]
    return max(4.0, min(100.0, round(min(labelled, default=0.0) / 6)))
