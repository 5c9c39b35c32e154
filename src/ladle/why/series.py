"""Labels of all releases on one grid of prediction time: what was counted, and where it is not ripe yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import median

from ladle.quality import errors
from ladle.quality.counts import Window
from ladle.quality.errors import Scale
from ladle.quality.tally import Read, labelled_and_wrong

MOST_BINS = 700
_BIN_SIZES_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600)
_RIPE = 0.8  # of the usual share of labels: below it a label's delay may depend on what it says
_LONG = 0.1  # of the bins


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of one release in one bin; ``labelled`` and ``wrong`` in requests."""

    requests: float = 0.0
    failed: float = 0.0
    rejected: float = 0.0
    labelled: float = 0.0
    wrong: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.requests + other.requests,
            self.failed + other.failed,
            self.rejected + other.rejected,
            self.labelled + other.labelled,
            self.wrong + other.wrong,
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """``bin`` counts from the beginning of the series."""

    bin: int
    release: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Series:
    """``cells`` by bin, then by release, only where something was labelled or asked. ``ripe_until`` is
    the end of what can be judged: the bins after it still wait for their labels, and are not in here.
    """

    start: float
    bin_s: float
    bins: int
    cells: tuple[Cell, ...]
    ripe_until: float
    scale: Scale | None = None  # of a regression

    def time(self, bin_: int) -> float:
        """When a bin begins."""
        return self.start + bin_ * self.bin_s

    @property
    def numeric(self) -> bool:
        return self.scale is not None

    @property
    def read(self) -> Read:
        """Labelled requests, and the wrong ones or the loss."""
        return self.scale.read if self.scale else labelled_and_wrong

    @property
    def labelled(self) -> float:
        return self.between(0, self.bins).labelled

    def between(self, first: int, end: int) -> Tally:
        """All releases, from the bin ``first`` up to and without ``end``."""
        return summed(c.tally for c in self.cells if first <= c.bin < end)


def summed(tallies: Iterable[Tally]) -> Tally:
    return sum(tallies, Tally())


def series(windows: Mapping[int, Sequence[Window]], since: float, until: float) -> Series:
    """Windows by release, from ``since`` to ``until``, on a grid of at most :data:`MOST_BINS` bins. Of a
    regression, ``wrong`` is the loss that its guard bets on.
    """
    size = _bin_size(until - since)
    start = since // size * size
    scale = _scale(windows, since)
    read = scale.read if scale else labelled_and_wrong
    cells: dict[tuple[int, int], Tally] = {}
    for release, found in windows.items():
        for window in found:
            if since <= window.start < until:
                key = (int((window.start - start) // size), release)
                cells[key] = cells.get(key, Tally()) + _tally(window, read)
    rows = [Cell(bin_, release, tally) for (bin_, release), tally in sorted(cells.items())]
    end = _ripe_end(rows, int((until - start) // size) + 1)
    ripe = tuple(cell for cell in rows if cell.bin < end)
    return Series(start, size, end, ripe, min(until, start + end * size), scale)


def _bin_size(span_s: float) -> float:
    fits = (float(s) for s in _BIN_SIZES_S if span_s / s <= MOST_BINS)
    return next(fits, float(_BIN_SIZES_S[-1]))


def _tally(window: Window, read: Read) -> Tally:
    counts = window.counts
    return Tally(counts.requests, counts.failed, counts.rejected, *read(counts))


def _scale(windows: Mapping[int, Sequence[Window]], since: float) -> Scale | None:
    """Errors of all releases are measured by what the first labels of the series were."""
    every = (window for found in windows.values() for window in found if window.start >= since)
    return errors.freeze(sorted(every, key=attrgetter("start")), since)


def _ripe_end(cells: Sequence[Cell], bins: int) -> int:
    """Trailing bins are left out until their share of labels is as usual: wrong answers are often
    reported sooner than right ones, so a bin that waits for most of its labels looks worse than it is.
    Where few labels have come for long, and no fewer towards the end, they are not late: they are fewer.
    """
    asked: dict[int, Tally] = {}
    for cell in cells:
        asked[cell.bin] = asked.get(cell.bin, Tally()) + cell.tally
    coverage = {b: t.labelled / t.requests for b, t in sorted(asked.items()) if t.requests > 0}
    labelled = [share for share in coverage.values() if share > 0]
    if not labelled:
        return bins
    usual = _RIPE * median(labelled)
    last = max(b for b, share in coverage.items() if share >= usual)
    late = [share for b, share in coverage.items() if b > last]
    third = len(late) // 3
    if len(late) >= _LONG * bins and sum(late[-third:]) >= _RIPE * sum(late[:third]):
        return bins
    return last + 1 if late else bins
