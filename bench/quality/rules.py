"""Rules that decide, minute by minute, whether a candidate goes: ours, and what others use.

Each reads the same windows of both releases. ``minute`` counts from 1; None means never.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.quality import errors
from ladle.quality.counts import Counts, Window
from ladle.quality.errors import Scale
from ladle.quality.evidence import judge

Arms = tuple[Sequence[Window], Sequence[Window]]
Rule = Callable[[Arms], int | None]
Count = Callable[[Counts], tuple[float, float]]  # exposed, bad

ALPHA = 0.01
TAU = 0.02  # of the mSPRT: it is tuned to the shift from 1 to 3 %
JUDGED_EVERY, FEWEST_POINTS = 10, 10  # minutes; a canary judge wants points to rank
Z_98, TOLERANCE = 2.326, 0.25  # of the canary judge: a 98 % interval, a quarter of the shift


def failures(counts: Counts) -> tuple[float, float]:
    return counts.requests, counts.failed


def wrong(counts: Counts) -> tuple[float, float]:
    return counts.labelled_micro / 1e6, counts.wrong_micro / 1e6


def clipped(counts: Counts) -> tuple[float, float]:
    """The loss of errors with a spread of 1, at the scale that the guard finds: twice the bin that
    holds the 95th percentile.
    """
    return Scale(errors.bin_of(1.96), 0.0).read(counts)


def ours(policy: RolloutPolicy) -> Rule:
    """The deployed evidence. Bisects for the minute, since a verdict of WORSE stays."""

    def worse(arms: Arms, minutes: int) -> bool:
        return judge(arms[0][:minutes], arms[1][:minutes], policy, 0.0, (1, 2)).worst is not None

    def rule(arms: Arms) -> int | None:
        if not worse(arms, len(arms[1])):
            return None
        low, high = 0, len(arms[1])
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if worse(arms, middle) else (middle, high)
        return high

    return rule


def msprt(count: Count) -> Rule:
    """Mixture SPRT with a normal prior on the difference and the variance plugged in."""

    def rule(arms: Arms) -> int | None:
        sums = [0.0] * 4
        for minute, (s, c) in enumerate(zip(*arms, strict=True), start=1):
            sums = [a + b for a, b in zip(sums, (*count(s.counts), *count(c.counts)), strict=True)]
            theirs, bad, mine, own = sums
            if min(theirs, mine, own) < 1:
                continue
            difference = own / mine - bad / theirs
            variance = _variance(own, mine) + _variance(bad, theirs)
            both = variance + TAU**2
            nats = 0.5 * math.log(variance / both) + (TAU * difference) ** 2 / (2 * variance * both)
            if difference > 0 and nats >= -math.log(ALPHA):
                return minute
        return None

    return rule


def _variance(bad: float, exposed: float) -> float:
    rate = min((bad + 0.5) / (exposed + 1), 1 - 0.5 / (exposed + 1))
    return rate * (1 - rate) / exposed


def canary_judge(count: Count) -> Rule:
    """Mann-Whitney on the rates of each minute, as Kayenta judges; every ten minutes."""

    def rule(arms: Arms) -> int | None:
        theirs, own = (_rates(arm, count) for arm in arms)
        for minute in range(JUDGED_EVERY, len(own) + 1, JUDGED_EVERY):
            if _shifted(theirs[:minute], own[:minute]):
                return minute
        return None

    return rule


def _rates(arm: Sequence[Window], count: Count) -> np.ndarray:
    seen = [count(window.counts) for window in arm]
    return np.array([bad / exposed if exposed else np.nan for exposed, bad in seen])


def _shifted(theirs: np.ndarray, own: np.ndarray) -> bool:
    theirs, own = theirs[~np.isnan(theirs)], own[~np.isnan(own)]
    m, n = len(theirs), len(own)
    if min(m, n) < FEWEST_POINTS:
        return False
    shifts = np.sort(np.subtract.outer(own, theirs).ravel())
    rank = int(m * n / 2 - Z_98 * math.sqrt(m * n * (m + n + 1) / 12))
    return bool(shifts[rank] > TOLERANCE * abs(np.median(shifts)) and shifts[rank] > 0)


def oracle_alarm(count: Count, equal: Sequence[Arms]) -> Rule:
    """The rate above a threshold in 3 of 5 minutes, tuned on ``equal`` runs to fire in 1 % of them."""
    peaks = sorted(max(_third_of_five(arms[1], count), default=0.0) for arms in equal)
    threshold = peaks[math.ceil((1 - ALPHA) * len(peaks)) - 1]

    def rule(arms: Arms) -> int | None:
        for minute, third in enumerate(_third_of_five(arms[1], count), start=1):
            if third > threshold:
                return minute
        return None

    return rule


def _third_of_five(arm: Sequence[Window], count: Count) -> list[float]:
    rates = [0.0 if np.isnan(rate) else float(rate) for rate in _rates(arm, count)]
    return [sorted((0.0, 0.0, 0.0, *rates[max(0, k - 4) : k + 1]))[-3] for k in range(len(rates))]


def guard(name: GuardName, **margin: float) -> RolloutPolicy:
    """One guard alone, with the whole promised rate."""
    return RolloutPolicy(guards=(Guard(name, **margin),), labels_expected=True)


SHIPPED = RolloutPolicy()
SHIPPED_WITH_LABELS = RolloutPolicy(
    guards=(*SHIPPED.guards, Guard(GuardName.ACCURACY, worse_by=0.005)), labels_expected=True
)
