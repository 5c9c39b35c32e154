"""What a trial would catch follows from its policy at the stated traffic, before anybody is asked.

A trial lasts until the minimum evidence can be expected: the bake, or longer where traffic is thin,
and ``max_s`` at most. With the requests of that time (n of the candidate, m of the stable release)
the capital of ``event_share`` is a function of the two counts of bad events alone, since the share
of the candidate stays the same and growth is linear in the counts. So for x bad events of the
stable release there is a least number k(x) of the candidate's that ends the rollout, and

    P(caught | q) = sum over x of P(Bin(m, p) = x) · P(Bin(n, q) >= k(x))

for a candidate that is bad at rate q beside a stable release at rate p. The answer is the smallest
q whose probability reaches one half, or 95 %.

Two things are left out. A rollout also ends when its capital crosses the limit earlier and falls
back; thin traffic is dealt unevenly, which costs a little. In simulated rollouts "one half" was 44
to 60 %, and "95 %" was 92 to 98 % (tests/unit/quality/test_power.py).

The rates of the stable release are assumed, and printed with what follows from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from ladle.catalog import Strategy
from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.verdicts import ArmCounts
from ladle.quality.event_share import Pair, earned
from ladle.quality.latency import QUANTILE
from ladle.quality.tally import bets_against

# How often the stable release is taken to be bad. Slow is the slowest twentieth by definition; the
# others are guesses of a healthy service and of a fair model.
ASSUMED_RATES: dict[GuardName, float] = {
    GuardName.FAILURES: 0.005,
    GuardName.LATENCY: 1 - QUANTILE,
    GuardName.ACCURACY: 0.1,
    GuardName.ERROR: 0.2,
}
LIKELY, NEARLY_SURE = 0.5, 0.95
_NORMAL_ABOVE = 50.0  # variance of a count from which the normal curve is near enough
_POINTS = 9  # of the stable release's count, within four standard deviations


@dataclass(frozen=True, slots=True)
class Catch:
    """Rates of bad answers that end a rollout with one half, and with 95 % probability.

    None where no rate does: the trial is too short, or its traffic too thin.
    """

    guard: GuardName
    stable_rate: float
    likely: float | None
    nearly_sure: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """How long a candidate is tried, on how many requests, and what that would catch."""

    seconds: float
    candidate_requests: float
    catches: tuple[Catch, ...]


@cache
def foresee(policy: RolloutPolicy, requests_per_s: float) -> Trial:
    """Takes every request as labelled at once: with fewer or later labels accuracy catches less."""
    share, seconds = _share_and_time(policy, requests_per_s)
    requests = requests_per_s * seconds
    ours, theirs = round(requests * share), round(requests * (1 - share))
    catches = tuple(_catch(guard, policy, theirs, ours) for guard in policy.active_guards)
    return Trial(seconds, requests * share, catches)


def _share_and_time(policy: RolloutPolicy, requests_per_s: float) -> tuple[float, float]:
    if policy.strategy is Strategy.ALL_AT_ONCE:
        return 1 - policy.holdback_percent / 100, policy.holdback_s
    share = policy.canary_percent / 100
    evidence_s = max(policy.min_requests, policy.labels_needed) / (requests_per_s * share)
    return share, min(policy.max_s, max(policy.bake_s, evidence_s))


def _catch(guard: Guard, policy: RolloutPolicy, theirs: int, ours: int) -> Catch:
    stable_rate = ASSUMED_RATES[guard.name]
    limit = policy.log_e_limit - math.log(policy.alpha_share(guard.name))
    needed = [
        (weight, _least(_reaches(guard, limit, ArmCounts(theirs, x), ours), ours))
        for x, weight in _counts(theirs, stable_rate)
    ]

    def caught(rate: float) -> float:
        return sum(w * _at_least(k, ours, rate) for w, k in needed if k is not None)

    return Catch(
        guard.name,
        stable_rate,
        _smallest_rate(caught, LIKELY, stable_rate),
        _smallest_rate(caught, NEARLY_SURE, stable_rate),
    )


def _reaches(guard: Guard, limit: float, stable: ArmCounts, ours: int) -> Callable[[int], bool]:
    bets = bets_against(guard)
    return lambda bad: earned(bets, [Pair(stable, ArmCounts(ours, bad))]) >= limit


def _least(reaches: Callable[[int], bool], most: int) -> int | None:
    """The smallest count that does, found by halving since more bad events never weigh less."""
    if most == 0 or not reaches(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _smallest_rate(caught: Callable[[float], float], wanted: float, above: float) -> float | None:
    if caught(1.0) < wanted:
        return None
    low, high = above, 1.0
    while high - low > 1e-3 * low:
        middle = (low + high) / 2
        low, high = (low, middle) if caught(middle) >= wanted else (middle, high)
    return high


def _counts(n: int, rate: float) -> Iterator[tuple[float, float]]:
    """Counts of bad events among ``n`` with their weights, evenly spaced over the likely ones."""
    mean, deviation = n * rate, math.sqrt(n * rate * (1 - rate))
    low, high = max(0, math.floor(mean - 4 * deviation)), min(n, math.ceil(mean + 4 * deviation))
    step = max(1, (high - low) // (_POINTS - 1))
    found = [(x, math.exp(_log_probability(x, n, rate))) for x in range(low, high + 1, step)]
    total = math.fsum(weight for _, weight in found)
    for x, weight in found:
        yield float(x), weight / total


def _at_least(k: int, n: int, rate: float) -> float:
    """P(Bin(n, rate) >= k)."""
    if rate >= 1:
        return 1.0
    mean, variance = n * rate, n * rate * (1 - rate)
    if variance > _NORMAL_ABOVE:
        return 0.5 * math.erfc((k - 0.5 - mean) / math.sqrt(2 * variance))
    last = min(n, math.ceil(max(mean, k) + 10 * math.sqrt(_NORMAL_ABOVE)))
    if k > last:
        return 0.0
    term = math.exp(_log_probability(k, n, rate))
    odds, total = rate / (1 - rate), 0.0
    for x in range(k, last + 1):
        total += term
        term *= odds * (n - x) / (x + 1)
    return min(1.0, total)


def _log_probability(x: int, n: int, rate: float) -> float:
    choices = math.lgamma(n + 1) - math.lgamma(x + 1) - math.lgamma(n - x + 1)
    return choices + x * math.log(rate) + (n - x) * math.log1p(-rate)
