"""Labels decide about quality only while no picking of labels can excuse the candidate.

Who labels may pick what to label (only approved loans have an outcome), and a candidate that
changes the picking changes the accuracy that is seen. So the event-share test also runs on what
came per answered request: clearly more right labels, or clearly fewer labels, than the stable
release's make the labels of the two incomparable. More *wrong* labels do not: wrong answers are
often reported sooner, and a bad candidate must not be excused by how bad it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.quality.counts import MICRO, Counts
from ladle.quality.event_share import Bet, Margin, log_mean_exp
from ladle.quality.pairing import PairedWindow
from ladle.quality.track import Track

HARMLESS_RATIO = 1.2
LIMIT_NATS = math.log(100)

_RATIOS = (1.25, 1.6, 2.5, 6.0)
_PART = 1 / len(_RATIOS)
_MORE = [Bet(r, Margin(HARMLESS_RATIO), part=_PART) for r in _RATIOS]
_FEWER = [Bet(1 / r, Margin(1 / HARMLESS_RATIO), part=_PART) for r in _RATIOS]


class Labelling:
    """How the two releases came to their labels, after some windows."""

    def __init__(self) -> None:
        self._more, self._fewer = Track(_MORE, climbs=False), Track(_FEWER, climbs=False)

    def follow(self, first: int, windows: Sequence[PairedWindow]) -> None:
        """Windows from ``first`` on are these."""
        answered = [(_answered(w.stable), _answered(w.candidate)) for w in windows]
        for track, of in ((self._more, _right), (self._fewer, _labelled)):
            rows = [
                (stable, of(w.stable), candidate, of(w.candidate))
                for (stable, candidate), w in zip(answered, windows, strict=True)
            ]
            track.follow(first, rows)

    @property
    def differs(self) -> bool:
        """Whether the candidate's answers get their labels in clearly another way."""
        nats = [track.worse.log_e(-1) for track in (self._more, self._fewer)]
        return log_mean_exp(nats) >= LIMIT_NATS


def differs(windows: Sequence[PairedWindow]) -> bool:
    """The same of all windows at once."""
    labelling = Labelling()
    labelling.follow(0, windows)
    return labelling.differs


def _labelled(counts: Counts) -> float:
    return counts.labelled_micro / MICRO


def _right(counts: Counts) -> float:
    return (counts.labelled_micro - counts.wrong_micro) / MICRO


def _answered(counts: Counts) -> float:
    """Only an answered request can get a label."""
    return float(max(0, counts.requests - counts.failed - counts.rejected))
