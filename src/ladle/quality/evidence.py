"""Evidence against a candidate adds up over windows; its rate of false alarms holds at any look.

Each guard bets by ``event_share``, which see for the argument. The guards share the promised
false-rollback rate: the rollout's e-value is their mean weighted by ``policy.alpha_share``, and a
rollout ends when its running maximum reaches 1/alpha. A mean of e-processes is an e-process, so the
rate holds for the whole rollout. WORSE is the guard that carried the mean over the limit, and every
guard whose own share would have; none of them without the mean.

NOT WORSE needs the reverse bet, or a bound on the candidate's own rate, to stand now: it may lapse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ladle.policy.rollout import Guard, GuardName, RolloutPolicy
from ladle.policy.verdicts import ArmCounts, Evidence, GuardVerdict, Verdict
from ladle.quality import coverage
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.event_share import (
    BETTER_RATIOS,
    NOTHING,
    WORSE_RATIOS,
    Bet,
    Capital,
    Margin,
    Pair,
    log_sum_exp,
    play,
)
from ladle.quality.latency import freeze
from ladle.quality.pairing import PairedWindow, align, pool, total, without_gaps
from ladle.quality.rate_bound import play_under


def requests_and_failures(counts: Counts) -> ArmCounts:
    return ArmCounts(float(counts.requests), float(counts.failed))


def labelled_and_wrong(counts: Counts) -> ArmCounts:
    return ArmCounts(counts.labelled_micro / MICRO, counts.wrong_micro / MICRO)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One guard before the guards are weighed; ``usable`` is False while it may not decide."""

    guard: Guard
    seen: Pair
    worse: Capital
    better: Capital
    fine: Capital | None
    usable: bool

    @property
    def alive(self) -> bool:
        return self.seen.stable.exposed > 0 and self.seen.candidate.exposed > 0

    def not_worse(self, limit: float) -> bool:
        fine = self.fine is not None and self.fine.now >= limit
        return self.usable and self.alive and (fine or self.better.now >= limit)

    def needs(self, limit: float) -> int | None:
        """Candidate's requests still wanted if all goes on as it did, by the nearest verdict."""
        played = [self.worse, self.better] + ([self.fine] if self.fine else [])
        wanted = [_wanted(c, limit, self.seen.candidate.exposed) for c in played]
        return min((n for n in wanted if n is not None), default=None)


def judge(
    stable: Sequence[Window],
    candidate: Sequence[Window],
    policy: RolloutPolicy,
    since: float,
    releases: tuple[int, int],
) -> Evidence:
    """Judges two releases that served side by side since ``since`` (UTC epoch seconds).

    ``releases`` are the numbers of the stable one and the candidate. Windows of the stable release
    from before ``since`` only help to say what is slow.
    """
    windows = without_gaps(
        align([w for w in stable if w.start >= since], [w for w in candidate if w.start >= since])
    )
    readings = [_read(guard, windows, stable, since) for guard in policy.active_guards]
    path = _weighted(readings, policy)
    seen = sum((w.candidate for w in windows), Counts())
    return Evidence(
        stable_release=releases[0],
        candidate_release=releases[1],
        since=since,
        candidate_requests=seen.requests,
        candidate_labels=seen.labelled,
        log_e=path.highest,
        log_e_limit=policy.log_e_limit,
        guards=_verdicts(readings, path, policy),
    )


def _read(
    guard: Guard, windows: Sequence[PairedWindow], stable: Sequence[Window], since: float
) -> _Reading:
    pairs, usable = _PAIRS[guard.name](windows, stable, since)
    fine = guard.fine_below
    return _Reading(
        guard,
        total(pairs),
        play(bets_against(guard), pairs),
        play(_bets(BETTER_RATIOS, _margin(guard)), pairs),
        play_under(fine, (p.candidate for p in pairs)) if fine else None,
        usable,
    )


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


_Pairs = tuple[list[Pair], bool]


def _failures(windows: Sequence[PairedWindow], _stable: object, _since: float) -> _Pairs:
    return pool(windows, requests_and_failures), True


def _accuracy(windows: Sequence[PairedWindow], _stable: object, _since: float) -> _Pairs:
    return pool(windows, labelled_and_wrong), not coverage.differs(windows)


def _latency(windows: Sequence[PairedWindow], stable: Sequence[Window], since: float) -> _Pairs:
    limit = freeze(stable, since)
    if limit is None:
        return [NOTHING] * len(windows), False
    counted = [w for w in windows if w.start >= limit.after]
    return [NOTHING] * (len(windows) - len(counted)) + pool(counted, limit.read), True


_PAIRS: dict[GuardName, Callable[[Sequence[PairedWindow], Sequence[Window], float], _Pairs]] = {
    GuardName.FAILURES: _failures,
    GuardName.ACCURACY: _accuracy,
    GuardName.LATENCY: _latency,
}


def _weighted(readings: Sequence[_Reading], policy: RolloutPolicy) -> Capital:
    """The rollout's capital: what every usable guard's share of it has become."""
    shares = [
        (math.log(policy.alpha_share(r.guard.name)), r.worse.path) for r in readings if r.usable
    ]
    windows = len(shares[0][1]) if shares else 0
    path = tuple(log_sum_exp([s + p[i] for s, p in shares]) for i in range(windows))
    return Capital(path, ())


def _verdicts(
    readings: Sequence[_Reading], path: Capital, policy: RolloutPolicy
) -> tuple[GuardVerdict, ...]:
    limit = policy.log_e_limit
    worse: set[GuardName] = set()
    if path.highest >= limit:
        peak = path.path.index(path.highest)
        own = {
            r.guard.name: (math.log(policy.alpha_share(r.guard.name)), r.worse)
            for r in readings
            if r.usable
        }
        worse = {name for name, (share, capital) in own.items() if share + capital.highest >= limit}
        worse.add(max(own, key=lambda name: own[name][0] + own[name][1].path[peak]))
    return tuple(_verdict(r, r.guard.name in worse, limit) for r in readings)


def _verdict(reading: _Reading, worse: bool, limit: float) -> GuardVerdict:
    verdict = Verdict.INCONCLUSIVE
    if worse:
        verdict = Verdict.WORSE
    elif reading.not_worse(limit):
        verdict = Verdict.NOT_WORSE
    return GuardVerdict(
        guard=reading.guard.name,
        verdict=verdict,
        log_e=reading.worse.highest,
        stable=reading.seen.stable,
        candidate=reading.seen.candidate,
        alive=reading.alive,
        needs=reading.needs(limit) if verdict is Verdict.INCONCLUSIVE else None,
    )


def _wanted(capital: Capital, limit: float, exposed: float) -> int | None:
    best = max(capital.nats, default=0.0)
    if best <= 0 or exposed <= 0:
        return None
    return max(1, math.ceil(exposed * (limit + math.log(len(capital.nats))) / best - exposed))
