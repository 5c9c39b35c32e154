"""If the candidate is no worse, its share of the bad events is its share of the requests.

An e-process bets against that. In one window the candidate has the realised share w of the
requests; with a harmless risk ratio m its fair share of the events is v = w·m / (w·m + 1 - w). A
bet on the ratio r multiplies its capital by a = r/u for each event of the candidate and by b = 1/u
for each of the stable release, u = 1 - v + v·r (so that v·a + (1 - v)·b = 1), and the e-value is
the capital of all bets, each on one ratio with a part of it.

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
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts

# How much worse a candidate may turn out to be, each with its part of the capital: most regressions
# are small, and a small one has to earn its part back from every request. And, finer, how much better.
WORSE_PARTS = {
    1.25: 0.12,
    1.5: 0.2,
    2.0: 0.19,
    3.0: 0.17,
    5.0: 0.13,
    10.0: 0.11,
    30.0: 0.04,
    100.0: 0.04,
}
WORSE_RATIOS = tuple(WORSE_PARTS)
BETTER_RATIOS = tuple(1 / r for r in (1.05, 1.1, 1.2, 1.5, 2.0, 4.0, 10.0, 100.0))

# A stretch of time as two releases saw it: exposed and events of the stable one, then the candidate's.
Row = tuple[float, float, float, float]
EMPTY: Row = (0.0, 0.0, 0.0, 0.0)
# The same for bets with one margin: the candidate's events, both's, its fair share of them, how many
# more are harmless, its good outcomes, both's.
Fair = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Margin:
    """What is harmless: a risk ratio, or a difference of rates (in the same sense as the events)."""

    ratio: float = 1.0
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Bet:
    """One alternative: ``ratio`` times the fair rate. ``on_good`` bets on outcomes that are no event;
    ``part`` is its part of the capital.
    """

    ratio: float
    margin: Margin = Margin()
    on_good: bool = False
    part: float = 1.0

    def grown(self, rows: Sequence[Fair]) -> list[float]:
        """Nats that each stretch adds. Written flat, since every look at a rollout is this."""
        ratio, log = self.ratio, math.log
        gain, nats = ratio - 1, log(ratio)
        if self.on_good:
            return [
                good * nats
                - goods * log(scale := 1 + share * gain)
                + harmless * (ratio / scale - 1)
                for _, _, share, harmless, good, goods in rows
            ]
        if self.margin.points:
            return [
                ours * nats - both * log(scale := 1 + share * gain) - harmless * (ratio / scale - 1)
                for ours, both, share, harmless, _, _ in rows
            ]
        return [ours * nats - both * log(1 + share * gain) for ours, both, share, _, _, _ in rows]


def fair(rows: Iterable[Row], margin: Margin) -> list[Fair]:
    """What bets with this margin are settled by; nothing where only one release was seen."""
    found = []
    for stable, theirs, candidate, ours in rows:
        odds = candidate * margin.ratio
        if stable <= 0 or candidate <= 0:
            found.append((0.0, 0.0, 0.0, 0.0, 0.0, 0.0))
            continue
        both = ours + theirs
        share = odds / (stable + odds)
        harmless, good = margin.points * candidate, candidate - ours
        found.append((ours, both, share, harmless, good, stable + candidate - both))
    return found


@dataclass(frozen=True, slots=True)
class Pair:
    """Both releases in the same stretch of time."""

    stable: ArmCounts
    candidate: ArmCounts

    @property
    def two_sided(self) -> bool:
        return self.stable.exposed > 0 and self.candidate.exposed > 0

    @property
    def row(self) -> Row:
        stable, candidate = self.stable, self.candidate
        return (stable.exposed, stable.events, candidate.exposed, candidate.events)


NOTHING = Pair(ArmCounts(0.0, 0.0), ArmCounts(0.0, 0.0))


def growth(bet: Bet, pair: Pair) -> float:
    """Nats that one window adds to the bet; none when only one release was seen."""
    return bet.grown(fair([pair.row], bet.margin))[0]


def earned(bets: Sequence[Bet], pairs: Sequence[Pair]) -> float:
    """The log e-value of a mixture of bets after these windows."""
    return log_e(bets, [math.fsum(growth(bet, pair) for pair in pairs) for bet in bets])


def log_e(bets: Sequence[Bet], nats: Sequence[float]) -> float:
    """Of a mixture whose bets have earned so many nats each; their parts sum to 1."""
    return log_sum_exp([n + math.log(bet.part) for n, bet in zip(nats, bets, strict=True)])


def log_sum_exp(values: Sequence[float]) -> float:
    highest = max(values)
    if highest == -math.inf:
        return highest
    return highest + math.log(math.fsum([math.exp(v - highest) for v in values]))


def log_mean_exp(values: Sequence[float]) -> float:
    return log_sum_exp(values) - math.log(len(values))
