"""Evidence follows the windows: a book of all guards' bets, of which a change keeps what came before it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat

from ladle.policy.rollout import OF_LABELS, Guard, GuardName, RolloutPolicy
from ladle.quality import errors, latency
from ladle.quality.checked_track import CheckedTrack
from ladle.quality.counts import MICRO, Counts, Window
from ladle.quality.coverage import LOG_CHOICE, BySource, Labelling, answered
from ladle.quality.errors import Scale
from ladle.quality.event_share import (
    BETTER_RATIOS,
    EMPTY,
    WORSE_PARTS,
    Bet,
    Margin,
    Row,
    log_sum_exp,
)
from ladle.quality.latency import SlowLimit
from ladle.quality.pairing import PairedWindow
from ladle.quality.sources import told_apart, without
from ladle.quality.track import Track, extend

Read = Callable[[Counts], tuple[float, float]]  # exposed, events

# On good outcomes only small ratios can be: few models are mostly wrong.
_GOOD_PARTS = {1.25: 0.3, 1.5: 0.3, 2.0: 0.2, 5.0: 0.2}
_ON_GOOD = 0.25  # of the capital
_BETTER_PARTS = dict.fromkeys(BETTER_RATIOS, 1 / len(BETTER_RATIOS))
_BETTER_GOOD_PARTS = dict.fromkeys((BETTER_RATIOS[0], BETTER_RATIOS[2], BETTER_RATIOS[4]), 1 / 3)


def requests_and_failures(counts: Counts) -> tuple[float, float]:
    return float(counts.requests), float(counts.failed)


def labelled_and_wrong(counts: Counts) -> tuple[float, float]:
    return counts.labelled_micro / MICRO, counts.wrong_micro / MICRO


Limit = SlowLimit | Scale
# What each guard counts, and where that is known only when the stable release has shown it: how.
READERS: dict[GuardName, Read] = {
    GuardName.FAILURES: requests_and_failures,
    GuardName.ACCURACY: labelled_and_wrong,
}
FROZEN: dict[GuardName, Callable[[Sequence[Window], float], Limit | None]] = {
    GuardName.LATENCY: latency.freeze,
    GuardName.ERROR: errors.freeze,
}


@dataclass(frozen=True, slots=True)
class Stake:
    """A guard with its bets; ``read`` is None while it cannot count. ``limit`` is what the stable
    release has shown, and decides from when on windows count.
    """

    guard: Guard
    log_share: float
    worse: tuple[Bet, ...]
    better: tuple[Bet, ...]
    limit: Limit | None
    read: Read | None = field(compare=False)  # follows from the fields above

    @property
    def after(self) -> float:
        return self.limit.after if self.limit else -math.inf

    @property
    def of_labels(self) -> bool:
        return self.guard.name in OF_LABELS

    def rows(self, windows: Sequence[PairedWindow]) -> list[Row]:
        read, after = self.read, self.after
        if read is None:
            return [EMPTY] * len(windows)
        return [
            EMPTY if w.start < after else (*read(w.stable), *read(w.candidate)) for w in windows
        ]

    def of_answered(self, labelled: Sequence[Row], windows: Sequence[PairedWindow]) -> list[Row]:
        """The same bad outcomes, among all that were answered; where lines got lost, at least themselves."""
        after = self.after
        return [
            EMPTY
            if w.start < after
            else (max(bad, answered(w.stable)), bad, max(own, answered(w.candidate)), own)
            for (_, bad, _, own), w in zip(labelled, windows, strict=True)
        ]

    def track(self) -> Track:
        return (CheckedTrack if self.of_labels else Track)(self.worse, self.better)


def stakes_of(policy: RolloutPolicy, stable: Sequence[Window], since: float) -> tuple[Stake, ...]:
    """``stable`` may begin before the rollout: the earlier windows help to say what is slow or far off."""
    stakes = []
    choice = LOG_CHOICE if told_apart(policy) else 0.0
    for guard in policy.active_guards:
        share, freeze = math.log(policy.alpha_share(guard.name)) - choice, FROZEN.get(guard.name)
        limit = freeze(stable, since) if freeze else None
        read = READERS.get(guard.name) or (limit.read if limit else None)
        scaled = _in_units_of(guard, limit)
        stakes.append(Stake(scaled, share, bets_against(scaled), _bets_for(scaled), limit, read))
    return tuple(stakes)


def _in_units_of(guard: Guard, limit: Limit | None) -> Guard:
    """A harmless error in the label's unit is a part of the scale that the guard bets in."""
    if not isinstance(limit, Scale):
        return guard
    by, fine = (None if x is None else x / limit.unit for x in (guard.worse_by, guard.fine_below))
    return replace(guard, worse_by=by, fine_below=None if fine is None else min(fine, 0.99))


@lru_cache(64)
def bets_against(guard: Guard) -> tuple[Bet, ...]:
    """The bets that a guard's WORSE is made of."""
    return _bets(guard, WORSE_PARTS, _GOOD_PARTS)


@lru_cache(64)
def _bets_for(guard: Guard) -> tuple[Bet, ...]:
    return _bets(guard, _BETTER_PARTS, _BETTER_GOOD_PARTS)


def _bets(
    guard: Guard, parts: Mapping[float, float], good_parts: Mapping[float, float]
) -> tuple[Bet, ...]:
    """Where the margin is a difference, also bets on the good outcomes: of a model that is mostly
    wrong those are the rare ones, and only the rare ones can change by a large factor.
    """
    margin = Margin(guard.worse_than or 1.0, guard.worse_by or 0.0)
    if not margin.points:
        return tuple(Bet(r, margin, part=part) for r, part in parts.items())
    bad = [Bet(r, margin, part=part * (1 - _ON_GOOD)) for r, part in parts.items()]
    good = [Bet(1 / r, margin, True, part * _ON_GOOD) for r, part in good_parts.items()]
    return (*bad, *good)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that the guards together ever said, and what each of them said then."""

    log_e: float = 0.0
    each: tuple[float, ...] = ()


NO_PEAK = Peak()


class Tally:
    """All guards after some windows. Whether labels may decide is known only at the end, so both
    peaks are kept: of all guards, and of those that read no labels. A source of labels that is left
    out is so in all windows, and what the guards of labels remember begins anew.
    """

    def __init__(self, stakes: Sequence[Stake], sources: Sequence[str] = ()) -> None:
        self.tracks = [s.track() for s in stakes]
        self._labelling = Labelling()
        self._by_source = BySource(sources)
        self._sources = sources
        self._out: frozenset[str] = frozenset()
        self._stakes = stakes
        self._windows: list[PairedWindow] = []
        self._requests: list[float] = [0]
        self._labelled: list[float] = [0]
        self._by_labels = any(s.of_labels for s in stakes)
        able = [k for k, s in enumerate(stakes) if s.read is not None]
        self._able = {True: able, False: [k for k in able if not stakes[k].of_labels]}
        self._peaks = {labels: [NO_PEAK] for labels in (True, False)}

    def follow(self, first: int, windows: Sequence[PairedWindow]) -> None:
        """Windows from ``first`` on are these."""
        served = first + _alike_but_labels(self._windows[first:], windows)
        self._windows[first:] = windows
        since, labelled = self._follow_labels(first)
        changed = []
        for stake, track in zip(self._stakes, self.tracks, strict=True):
            if isinstance(track, CheckedTrack):
                rows = stake.rows(labelled)
                changed.append(track.follow_both(since, rows, stake.of_answered(rows, labelled)))
            else:
                changed.append(track.follow(served, stake.rows(self._windows[served:])))
        extend(self._requests, first, [w.candidate.requests for w in windows])
        extend(self._labelled, since, [w.candidate.labelled_micro for w in labelled])
        for labels, able in self._able.items():
            self._climb(labels, min((changed[k] for k in able), default=len(self._windows)))

    def _follow_labels(self, first: int) -> tuple[int, Sequence[PairedWindow]]:
        """From which window on labels are to be read again, and those windows with the labels that count."""
        if not self._by_labels:
            return first, self._windows[first:]
        self._by_source.follow(first, self._windows[first:])
        before, self._out = self._out, self._leaves()
        since = first if self._out == before else 0
        labelled = without(self._out, self._windows[since:], self._sources)
        self._labelling.follow(since, labelled)
        return since, labelled

    def _leaves(self) -> frozenset[str]:
        """Nobody where it would be all: then labels are shown, and decide nothing."""
        differ = self._by_source.differ
        return differ if self._by_source.given - differ else frozenset()

    @property
    def left_out(self) -> frozenset[str]:
        """The sources whose labels cover the releases unequally."""
        return self._by_source.differ

    @property
    def labels_decide(self) -> bool:
        """Not where all sources differ, nor where those that are kept differ together."""
        return self.left_out == self._out and not self._labelling.differs

    def peak(self) -> Peak:
        return self._peaks[self.labels_decide][-1]

    @property
    def requests(self) -> int:
        return int(self._requests[-1])

    @property
    def labelled_micro(self) -> int:
        return int(self._labelled[-1])

    def _climb(self, labels: bool, first: int) -> None:
        able, peaks = self._able[labels], self._peaks[labels]
        del peaks[first + 1 :]
        peak = peaks[-1]
        bounds = [self.tracks[k].bounds(len(peaks)) for k in able]
        tops = (
            map(max, zip(*bounds, strict=True))
            if able
            else repeat(0.0, len(self._windows) + 1 - len(peaks))
        )
        for windows, top in enumerate(tops, start=len(peaks)):
            if top > peak.log_e:
                each = tuple([track.log_e(windows) for track in self.tracks])
                log_e = log_sum_exp([self._stakes[k].log_share + each[k] for k in able])
                peak = Peak(log_e, each) if log_e > peak.log_e else peak
            peaks.append(peak)


def _alike_but_labels(old: Sequence[PairedWindow], new: Sequence[PairedWindow]) -> int:
    """How many windows from the first on only got labels, if they got anything; 0 if windows left."""
    if len(old) > len(new):
        return 0
    for k, (before, after) in enumerate(zip(old, new, strict=False)):
        if before.start != after.start or not (
            _served_alike(before.stable, after.stable)
            and _served_alike(before.candidate, after.candidate)
        ):
            return k
    return len(old)


def _served_alike(a: Counts, b: Counts) -> bool:
    return (a.requests, a.failed, a.latency) == (b.requests, b.failed, b.latency)
