"""Evidence grows window by window: a tally holds all that the windows so far have to say.

Tallies are values, so that whoever keeps one for each window can go on from any of them; see
``running``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.coverage import Labelling
from ladle.quality.event_share import (
    BETTER_RATIOS,
    NOTHING,
    WORSE_RATIOS,
    Bet,
    Margin,
    Pair,
    earn,
    log_mean_exp,
    log_sum_exp,
    nothing_earned,
)
from ladle.quality.latency import SlowLimit, freeze
from ladle.quality.pairing import PairedWindow, plus, pooled
from ladle.quality.rate_bound import NOTHING_EARNED, earn_under

Read = Callable[[Counts], ArmCounts]


def requests_and_failures(counts: Counts) -> ArmCounts:
    return ArmCounts(float(counts.requests), float(counts.failed))


def labelled_and_wrong(counts: Counts) -> ArmCounts:
    return ArmCounts(counts.labelled_micro / MICRO, counts.wrong_micro / MICRO)


# What each guard counts. What is slow is known only when the stable release has shown it.
READERS: dict[GuardName, Callable[[SlowLimit | None], Read | None]] = {
    GuardName.FAILURES: lambda _: requests_and_failures,
    GuardName.ACCURACY: lambda _: labelled_and_wrong,
    GuardName.LATENCY: lambda limit: limit.read if limit else None,
}


@dataclass(frozen=True, slots=True)
class Stake:
    """A guard with its bets; ``read`` is None while it cannot count. ``slow`` is the limit of a guard
    of latency, which decides from when on windows count.
    """

    guard: Guard
    log_share: float
    worse: tuple[Bet, ...]
    better: tuple[Bet, ...]
    slow: SlowLimit | None
    read: Read | None = field(compare=False)  # follows from the fields above

    @property
    def after(self) -> float:
        return self.slow.after if self.slow else -math.inf

    @property
    def of_labels(self) -> bool:
        return self.guard.name is GuardName.ACCURACY


def stakes_of(policy: RolloutPolicy, stable: Sequence[Window], since: float) -> tuple[Stake, ...]:
    """``stable`` may begin before the rollout: the earlier windows help to say what is slow."""
    stakes = []
    for guard in policy.active_guards:
        slow = freeze(stable, since) if guard.name is GuardName.LATENCY else None
        share = math.log(policy.alpha_share(guard.name))
        better = _bets(BETTER_RATIOS, _margin(guard))
        read = READERS[guard.name](slow)
        stakes.append(Stake(guard, share, bets_against(guard), better, slow, read))
    return tuple(stakes)


def bets_against(guard: Guard) -> tuple[Bet, ...]:
    """The bets that a guard's WORSE is made of."""
    return _bets(WORSE_RATIOS, _margin(guard))


def _margin(guard: Guard) -> Margin:
    return Margin(guard.worse_than or 1.0, guard.worse_by or 0.0)


def _bets(ratios: Sequence[float], margin: Margin) -> tuple[Bet, ...]:
    """Where the margin is a difference, also bets on the good outcomes: of a model that is mostly
    wrong those are the rare ones, and only the rare ones can change by a large factor.
    """
    bets = tuple(Bet(r, margin) for r in ratios)
    if margin.points:
        bets += tuple(Bet(1 / r, margin, on_good=True) for r in ratios)
    return bets


@dataclass(frozen=True, slots=True)
class Standing:
    """One guard after some windows: nats of each bet, ``log_e`` that the candidate is worse now, and
    the highest that it was.
    """

    held: Pair
    seen: Pair
    worse: tuple[float, ...]
    better: tuple[float, ...]
    fine: tuple[float, ...]
    log_e: float = 0.0
    highest: float = 0.0

    def then(self, stake: Stake, window: PairedWindow) -> Standing:
        if stake.read is None or window.start < stake.after:
            return self
        more = Pair(stake.read(window.stable), stake.read(window.candidate))
        held, pair = pooled(self.held, more)
        if pair is NOTHING:
            return Standing(
                held, self.seen, self.worse, self.better, self.fine, self.log_e, self.highest
            )
        bound, worse = stake.guard.fine_below, earn(self.worse, stake.worse, pair)
        log_e = log_mean_exp(worse)
        return Standing(
            held,
            plus(self.seen, pair),
            worse,
            earn(self.better, stake.better, pair),
            earn_under(self.fine, bound, pair.candidate) if bound else self.fine,
            log_e,
            max(self.highest, log_e),
        )


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that the guards together ever said, and what each of them said then."""

    log_e: float = 0.0
    each: tuple[float, ...] = ()


NO_PEAK = Peak()


@dataclass(frozen=True, slots=True)
class Tally:
    """All guards after some windows. Whether labels may decide is known only at the end, so both
    peaks are kept: of all guards, and of those that read no labels.
    """

    standings: tuple[Standing, ...]
    labelling: Labelling
    peak: Peak = NO_PEAK
    unlabelled_peak: Peak = NO_PEAK
    requests: int = 0
    labelled_micro: int = 0

    def then(self, stakes: Sequence[Stake], window: PairedWindow) -> Tally:
        standings = tuple(
            [s.then(stake, window) for s, stake in zip(self.standings, stakes, strict=True)]
        )
        by_labels = any(stake.of_labels for stake in stakes)
        unlabelled = _higher(self.unlabelled_peak, stakes, standings, labels=False)
        return Tally(
            standings,
            self.labelling.then(window) if by_labels else self.labelling,
            _higher(self.peak, stakes, standings, labels=True) if by_labels else unlabelled,
            unlabelled,
            self.requests + window.candidate.requests,
            self.labelled_micro + window.candidate.labelled_micro,
        )


def empty(stakes: Sequence[Stake]) -> Tally:
    """Before the first window."""
    fine = NOTHING_EARNED
    standings = (
        Standing(NOTHING, NOTHING, nothing_earned(s.worse), nothing_earned(s.better), fine)
        for s in stakes
    )
    return Tally(tuple(standings), Labelling())


def _higher(
    peak: Peak, stakes: Sequence[Stake], standings: Sequence[Standing], labels: bool
) -> Peak:
    shares = [
        stake.log_share + standing.log_e
        for stake, standing in zip(stakes, standings, strict=True)
        if stake.read is not None and (labels or not stake.of_labels)
    ]
    log_e = log_sum_exp(shares) if shares else 0.0
    if log_e <= peak.log_e:
        return peak
    return Peak(log_e, tuple([standing.log_e for standing in standings]))
