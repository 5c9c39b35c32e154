"""Labels decide about quality only while no picking of labels can excuse the candidate.

Who labels may pick what to label (only approved loans have an outcome), and a candidate that
changes the picking changes the accuracy that is seen. So the event-share test also runs on what
came per answered request: clearly more right labels, or clearly fewer labels, than the stable
release's make the labels of the two incomparable. More *wrong* labels do not: wrong answers are
often reported sooner, and a bad candidate must not be excused by how bad it is.

Where K sources label, each is asked so at the limit of 100 K; one that differs is left out, and the others
decide. Leaving out depends on that source's coverage alone (how many of its labels came, and came right,
per answered request) and on no outcome of the others. A prediction has one label, so sources speak of
other requests each, and what the others' labels say stays an e-process. Evidence without some sources is
looked at only when all of these differ: of sources that cover alike, by chance with (1/100 K) to their
number. All such sets together make false rollbacks likelier by at most (1 + 1/100 K)^K < e^0.01, and
``LOG_CHOICE`` takes that off every share. The labels that are kept are asked together once more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ladle.quality.counts import MICRO, Counts
from ladle.quality.event_share import Bet, Margin, log_mean_exp
from ladle.quality.pairing import PairedWindow
from ladle.quality.sources import labels_of
from ladle.quality.track import Track

HARMLESS_RATIO = 1.2
LIMIT_NATS = math.log(100)
LOG_CHOICE = 0.01

_RATIOS = (1.25, 1.6, 2.5, 6.0)
_PART = 1 / len(_RATIOS)
_MORE = [Bet(r, Margin(HARMLESS_RATIO), part=_PART) for r in _RATIOS]
_FEWER = [Bet(1 / r, Margin(1 / HARMLESS_RATIO), part=_PART) for r in _RATIOS]


class Labelling:
    """How the two releases came to their labels, after some windows."""

    def __init__(self, sources: int = 1) -> None:
        self._limit = LIMIT_NATS + math.log(sources)
        self._more, self._fewer = Track(_MORE, climbs=False), Track(_FEWER, climbs=False)

    def follow(self, first: int, windows: Sequence[PairedWindow]) -> None:
        """Windows from ``first`` on are these."""
        requests = [(answered(w.stable), answered(w.candidate)) for w in windows]
        for track, of in ((self._more, _right), (self._fewer, _labelled)):
            rows = [
                (stable, of(w.stable), candidate, of(w.candidate))
                for (stable, candidate), w in zip(requests, windows, strict=True)
            ]
            track.follow(first, rows)

    @property
    def differs(self) -> bool:
        """Whether the candidate's answers get their labels in clearly another way."""
        nats = [track.worse.log_e(-1) for track in (self._more, self._fewer)]
        return log_mean_exp(nats) >= self._limit


class BySource:
    """How the releases came to the labels of each of ``sources``, after some windows."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._labellings = {source: Labelling(len(sources)) for source in sources}
        self._given: dict[str, list[bool]] = {source: [] for source in sources}

    def follow(self, first: int, windows: Sequence[PairedWindow]) -> None:
        """Windows from ``first`` on are these."""
        for source, labelling in self._labellings.items():
            own = [_only(source, window, self._sources) for window in windows]
            labelling.follow(first, own)
            self._given[source][first:] = [_has_labels(window) for window in own]

    @property
    def differ(self) -> frozenset[str]:
        return frozenset(s for s, labelling in self._labellings.items() if labelling.differs)

    @property
    def given(self) -> frozenset[str]:
        """Those of which any label came."""
        return frozenset(source for source, given in self._given.items() if any(given))


def _only(source: str, window: PairedWindow, sources: Sequence[str]) -> PairedWindow:
    """Requests are everybody's, labels of one source."""
    arms = []
    for counts in (window.stable, window.candidate):
        own = labels_of(source, counts, sources)
        micro, wrong = own.labelled_micro, own.wrong_micro
        arms.append(counts._replace(labelled_micro=micro, wrong_micro=wrong))
    return PairedWindow(window.start, *arms)


def _has_labels(window: PairedWindow) -> bool:
    return bool(window.stable.labelled_micro or window.candidate.labelled_micro)


def differs(windows: Sequence[PairedWindow]) -> bool:
    """The same of all windows at once."""
    labelling = Labelling()
    labelling.follow(0, windows)
    return labelling.differs


def _labelled(counts: Counts) -> float:
    return counts.labelled_micro / MICRO


def _right(counts: Counts) -> float:
    return (counts.labelled_micro - counts.wrong_micro) / MICRO


def answered(counts: Counts) -> float:
    """Only an answered request can get a label."""
    return float(max(0, counts.requests - counts.failed - counts.rejected))
