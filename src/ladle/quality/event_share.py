"""If the candidate is no worse, its share of the bad events is its share of the requests.

An e-process bets against that. In one window the candidate has the realised share w of the
requests; with a harmless risk ratio m its fair share of the events is v = w·m / (w·m + 1 - w). A
bet on the ratio r multiplies its capital by a = r/u for each event of the candidate and by b = 1/u
for each of the stable release, u = 1 - v + v·r (so that v·a + (1 - v)·b = 1), and the e-value is
the mean capital over several ratios.

Why its mean stays at most 1 while the candidate is harmless, which by Ville's inequality bounds by
alpha the chance that it ever reaches 1/alpha, however often one looks:

* a^x <= 1 + x·(a - 1) for an outcome x in [0, 1], fractions included (a batch's rows pooled into
  its request), since a^x is convex in x. This is E[y^x] <= (E y)^x of a pooled outcome.
* With rate p on the stable release and at most m·p on the candidate, a window of n_c and n_s
  requests has mean capital at most exp(p·(n_c·m·(a - 1) + n_s·(b - 1))), whose bracket is 0 by the
  choice of a and b, whatever p is, also one that changes with every window.
* If p differs from request to request, the same holds because requests are dealt to the two
  releases at random: being dealt is negatively associated and the capital grows with it.
* A harmless difference of d (in rates) costs the bet d·(a - 1) nats for each request of the
  candidate: exp(-d·(a - 1)) pays for 1 + (p + d)·(a - 1) <= (1 + p·(a - 1))·exp(d·(a - 1)).
  It asks for no estimate of p.

A bet on r < 1 says that the candidate is better, and the same lines hold with the signs turned.
A label that comes late adds to its prediction's window; simulations hold the rate for that case.

One-sided relative of the multinomial count test of M. Lindon and A. Malek, "Anytime-Valid Inference
for Multinomial Count Data" (NeurIPS 2022); the use for deployments is that of M. Lindon, C. Sanden
and V. Shirikian, "Rapid Regression Detection in Software Deployments through Sequential Testing"
(arXiv 2205.14762).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ladle.policy.verdicts import ArmCounts

# How much worse a candidate may turn out to be, and, finer, how much better.
WORSE_RATIOS = (1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 100.0)
BETTER_RATIOS = tuple(1 / r for r in (1.05, 1.1, 1.2, 1.5, 2.0, 4.0, 10.0, 100.0))


@dataclass(frozen=True, slots=True)
class Margin:
    """What is harmless: a risk ratio, or a difference of rates (in the same sense as the events)."""

    ratio: float = 1.0
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Bet:
    """One alternative: ``ratio`` times the fair rate. ``on_good`` bets on outcomes that are no event."""

    ratio: float
    margin: Margin = Margin()
    on_good: bool = False
    log_ratio: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "log_ratio", math.log(self.ratio))


@dataclass(frozen=True, slots=True)
class Pair:
    """Both releases in the same stretch of time."""

    stable: ArmCounts
    candidate: ArmCounts

    @property
    def two_sided(self) -> bool:
        return self.stable.exposed > 0 and self.candidate.exposed > 0


NOTHING = Pair(ArmCounts(0.0, 0.0), ArmCounts(0.0, 0.0))


def growth(bet: Bet, pair: Pair) -> float:
    """Nats that one window adds to the bet; none when only one release was seen."""
    return earn((0.0,), (bet,), pair)[0]


@dataclass(frozen=True, slots=True)
class Capital:
    """What a mixture of bets has earned: ``path`` the log e-value after each window, ``nats`` each
    bet's own at the end.
    """

    path: tuple[float, ...]
    nats: tuple[float, ...]

    @property
    def now(self) -> float:
        return self.path[-1] if self.path else 0.0

    @property
    def highest(self) -> float:
        return max(0.0, max(self.path, default=0.0))


def play(bets: Sequence[Bet], pairs: Iterable[Pair]) -> Capital:
    """Plays all bets over the windows, each with an equal part of the capital."""
    nats = nothing_earned(bets)
    path: list[float] = []
    for pair in pairs:
        nats = earn(nats, bets, pair)
        path.append(log_mean_exp(nats))
    return Capital(tuple(path), nats)


def nothing_earned(bets: Sequence[Bet]) -> tuple[float, ...]:
    return (0.0,) * len(bets)


def earn(nats: Sequence[float], bets: Sequence[Bet], pair: Pair) -> tuple[float, ...]:
    """What each bet has after one more window. Written flat, since every look at a rollout is this."""
    stable, candidate = pair.stable.exposed, pair.candidate.exposed
    if stable <= 0 or candidate <= 0:
        return tuple(nats)
    earned = []
    for before, bet in zip(nats, bets, strict=True):
        ours, theirs = pair.candidate.events, pair.stable.events
        points = bet.margin.points
        if bet.on_good:
            ours, theirs, points = candidate - ours, stable - theirs, -points
        odds = candidate * bet.margin.ratio
        scale = (stable + odds * bet.ratio) / (stable + odds)
        grown = ours * bet.log_ratio - (ours + theirs) * math.log(scale)
        if points:
            grown -= points * (bet.ratio / scale - 1) * candidate
        earned.append(before + grown)
    return tuple(earned)


def log_sum_exp(values: Sequence[float]) -> float:
    highest = max(values)
    if highest == -math.inf:
        return highest
    return highest + math.log(math.fsum(math.exp(v - highest) for v in values))


def log_mean_exp(values: Sequence[float]) -> float:
    return log_sum_exp(values) - math.log(len(values))
