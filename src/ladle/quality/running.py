"""A judge that remembers weighs again only the windows from the first that changed.

What it says equals :func:`ladle.quality.evidence.judge` on the same windows, to the last bit.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ladle.policy.rollout import RolloutPolicy
from ladle.policy.verdicts import Evidence
from ladle.quality.counts import Window
from ladle.quality.evidence import concluded
from ladle.quality.pairing import Gaps, PairedWindow, align, merge
from ladle.quality.sources import told_apart
from ladle.quality.tally import Stake, Tally, stakes_of
from ladle.quality.track import alike


class _Step(NamedTuple):
    """After one window: how many count whatever comes, and what still waits for its other release."""

    counted: int
    gaps: Gaps


_BEGIN = _Step(0, Gaps())


@dataclass(slots=True)
class RunningJudge:
    """Follows one rollout; another one makes it begin anew. Windows must be sorted by start."""

    _terms: tuple[RolloutPolicy, float, tuple[int, int], tuple[Stake, ...]] | None = None
    _tally: Tally = field(default_factory=lambda: Tally(()))
    _stable: list[Window] = field(default_factory=list)
    _candidate: list[Window] = field(default_factory=list)
    _starts: list[float] = field(default_factory=list)
    _steps: list[_Step] = field(default_factory=list)

    def judge(
        self,
        stable: Sequence[Window],
        candidate: Sequence[Window],
        policy: RolloutPolicy,
        since: float,
        releases: tuple[int, int],
    ) -> Evidence:
        stakes = stakes_of(policy, stable, since)
        if self._terms != (policy, since, releases, stakes):
            self._terms = (policy, since, releases, stakes)
            self._tally = Tally(stakes, told_apart(policy))
            self._stable, self._candidate, self._starts, self._steps = [], [], [], []
        self._follow(_since(stable, since), _since(candidate, since))
        return concluded(self._tally, stakes, policy, since, releases)

    def _follow(self, stable: list[Window], candidate: list[Window]) -> None:
        same_until = min(_change(self._stable, stable), _change(self._candidate, candidate))
        kept = bisect_left(self._starts, same_until)
        del self._starts[kept:], self._steps[kept:]
        self._stable, self._candidate = stable, candidate
        step = self._steps[-1] if kept else _BEGIN
        first = step.counted
        counted: list[PairedWindow] = []
        paired = merge if kept else align  # the candidate's first request is among those kept
        for window in paired(_since(stable, same_until), _since(candidate, same_until)):
            gaps, more = step.gaps.then(window)
            counted += more
            step = _Step(first + len(counted), gaps)
            self._starts.append(window.start)
            self._steps.append(step)
        self._tally.follow(first, [*counted, *step.gaps.waiting])


def _since(windows: Sequence[Window], start: float) -> list[Window]:
    return list(windows[bisect_left(windows, start, key=lambda w: w.start) :])


def _change(old: list[Window], new: list[Window]) -> float:
    """Where the first window begins that is not as it was."""
    same = alike(old, new)
    return min((w[same].start for w in (old, new) if same < len(w)), default=math.inf)
