"""Accuracy from few labels: windows are pooled until there are enough, and the doubt is drawn too."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ladle.quality.counts import MICRO, Counts, Window, total

Z_95 = 1.959964
LEAST = 6.0  # labelled requests that a point rests on


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


def runs(windows: Sequence[Window], longest_gap_s: float) -> list[list[Window]]:
    """Windows with labels, parted where the release had none for longer than ``longest_gap_s``."""
    found: list[list[Window]] = []
    for window in windows:
        if not window.counts.labelled_micro:
            continue
        if found and window.start - found[-1][-1].start <= longest_gap_s:
            found[-1].append(window)
        else:
            found.append([window])
    return found


def pools(run: Sequence[Window], window_s: float, at_least: float) -> list[Pool]:
    """Pools of at least ``at_least`` labelled requests; what is left at the end joins the last."""
    groups: list[list[Window]] = [[]]
    for window in run:
        if _labelled(groups[-1]) >= at_least:
            groups.append([])
        groups[-1].append(window)
    if len(groups) > 1 and _labelled(groups[-1]) < at_least:
        groups[-2:] = [groups[-2] + groups[-1]]
    return [_pool(group, window_s) for group in groups if group]


def _labelled(group: Sequence[Window]) -> float:
    return total(group).labelled_micro / MICRO


def _pool(group: Sequence[Window], window_s: float) -> Pool:
    n, wrong = _labelled(group), total(group).wrong_micro / MICRO
    end = group[-1].start + window_s
    return Pool(group[0].start, end, n, wrong, *wilson(n - wrong, n))


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % score interval for a rate."""
    rate = successes / n
    centre = rate + Z_95**2 / (2 * n)
    spread = Z_95 * math.sqrt(max(rate * (1 - rate), 0.0) / n + Z_95**2 / (4 * n * n))
    below = 1 + Z_95**2 / n
    return max(0.0, (centre - spread) / below), min(1.0, (centre + spread) / below)


def pool_size(counts: Counts) -> float:
    """Labelled requests a point: enough to say something, few enough for about fourteen points."""
    return max(LEAST, counts.labelled_micro / MICRO / 14)
