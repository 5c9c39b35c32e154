"""Labels decide about quality only while no picking of labels can excuse the candidate.

Who labels may pick what to label (only approved loans have an outcome), and a candidate that
changes the picking changes the accuracy that is seen. So the event-share test also runs on what
came per answered request: clearly more right labels, or clearly fewer labels, than the stable
release's make the labels of the two incomparable. More *wrong* labels do not: wrong answers are
often reported sooner, and a bad candidate must not be excused by how bad it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ladle.policy.verdicts import ArmCounts
from ladle.quality.counts import MICRO, Counts
from ladle.quality.event_share import (
    NOTHING,
    WORSE_RATIOS,
    Bet,
    Margin,
    Pair,
    earn,
    log_mean_exp,
    nothing_earned,
)
from ladle.quality.pairing import PairedWindow, pooled

HARMLESS_RATIO = 1.2
LIMIT_NATS = math.log(100)

_MORE = tuple(Bet(r, Margin(HARMLESS_RATIO)) for r in WORSE_RATIOS)
_FEWER = tuple(Bet(1 / r, Margin(1 / HARMLESS_RATIO)) for r in WORSE_RATIOS)


@dataclass(frozen=True, slots=True)
class Labelling:
    """How the two releases came to their labels, after some windows."""

    more_held: Pair = NOTHING
    fewer_held: Pair = NOTHING
    more: tuple[float, ...] = nothing_earned(_MORE)
    fewer: tuple[float, ...] = nothing_earned(_FEWER)

    @property
    def differs(self) -> bool:
        """Whether the candidate's answers get their labels in clearly another way."""
        return log_mean_exp([log_mean_exp(self.more), log_mean_exp(self.fewer)]) >= LIMIT_NATS

    def then(self, window: PairedWindow) -> Labelling:
        more_held, more = _played(self.more_held, self.more, _MORE, window, _right)
        fewer_held, fewer = _played(self.fewer_held, self.fewer, _FEWER, window, _labelled)
        return Labelling(more_held, fewer_held, more, fewer)


def _played(
    held: Pair,
    nats: tuple[float, ...],
    bets: Sequence[Bet],
    window: PairedWindow,
    of: Callable[[Counts], ArmCounts],
) -> tuple[Pair, tuple[float, ...]]:
    held, pair = pooled(held, Pair(of(window.stable), of(window.candidate)))
    return held, nats if pair is NOTHING else earn(nats, bets, pair)


def differs(windows: Iterable[PairedWindow]) -> bool:
    """The same of all windows at once."""
    labelling = Labelling()
    for window in windows:
        labelling = labelling.then(window)
    return labelling.differs


def _labelled(counts: Counts) -> ArmCounts:
    return ArmCounts(_answered(counts), counts.labelled_micro / MICRO)


def _right(counts: Counts) -> ArmCounts:
    return ArmCounts(_answered(counts), (counts.labelled_micro - counts.wrong_micro) / MICRO)


def _answered(counts: Counts) -> float:
    """Only an answered request can get a label."""
    return float(max(0, counts.requests - counts.failed - counts.rejected))
