"""What the labels of some weeks say of one change: its shape, its size, its time, its likeliest cause."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ladle.quality.counts import Window
from ladle.why.causes import Causes, causes, log_factor
from ladle.why.changepoint import Scan, changes, scan
from ladle.why.season import DAY_S
from ladle.why.series import Series, Tally, series, summed
from ladle.why.shapes import Form, Grid, Shape, grid

BEFORE_S, AFTER_S = 14 * DAY_S, 7 * DAY_S
WORTH_FINDING = 0.02  # points; a lasting change of this size is what a verdict of "none" is about
_POWER_90 = 1.2816
_USUAL_SHARE = 1 / 3  # of the labels that come after a change
_SURE_OF_TIME = 0.95


@dataclass(frozen=True, slots=True)
class Change:
    """Times are UTC epoch seconds: it began between ``earliest`` and ``latest``, likeliest at ``began``,
    and was complete at ``ended`` (the same for a step). ``effect`` is in rates of wrong answers, season
    taken out; ``before`` and ``after`` are plain counts up to the next change on either side;
    ``made_good``: a change the other way came later. ``numeric``: of a regression, whose loss is meant.
    """

    form: Form
    began: float
    ended: float
    earliest: float
    latest: float
    effect: float
    z: float
    before: Tally
    after: Tally
    causes: Causes
    made_good: bool
    numeric: bool = False

    @property
    def worse(self) -> bool:
        return self.effect > 0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "form": str(self.form), "release": self.causes.release}


@dataclass(frozen=True, slots=True)
class QualityReport:
    """``smallest`` is the lasting difference of rates that would be found with 90 %, ``needs`` how many
    more labels it takes until that is two points; None when there are enough.
    """

    series: Series
    limit: float
    change: Change | None
    smallest: float | None
    needs: int | None

    def side_by_side(self, release: int) -> tuple[Tally, Tally] | None:
        """The release's labels and those of all others in the bins in which it was not alone."""
        own: dict[int, Tally] = {}
        others: dict[int, Tally] = {}
        for cell in self.series.cells:
            if cell.tally.labelled > 0:
                side = own if cell.release == release else others
                side[cell.bin] = side.get(cell.bin, Tally()) + cell.tally
        both = own.keys() & others.keys()
        if not both:
            return None
        return summed(own[b] for b in both), summed(others[b] for b in both)


def quality_report(
    windows: Mapping[int, Sequence[Window]], now: float, at: float | None = None
) -> QualityReport:
    """About the change nearest to ``at``; else about the newest one for the worse, else the newest."""
    since, until = asked_about(now, at)
    first = min((w.start for found in windows.values() for w in found), default=since)
    found = series(windows, max(since, first), until)
    on = grid(found)
    shapes = changes(on)
    chosen = _chosen(shapes, on, at)
    others = [s for s in shapes if s is not chosen]
    looked = scan(on, others)
    change = _described(found, looked, chosen, others) if chosen else None
    smallest, needs = _power(looked)
    return QualityReport(found, looked.limit, change, smallest, needs)


def asked_about(now: float, at: float | None) -> tuple[float, float]:
    """From when to when labels are looked at: two weeks before and one after, or three up to now."""
    if at is None:
        return now - AFTER_S - BEFORE_S, now
    return at - BEFORE_S, min(now, at + AFTER_S)


def _chosen(shapes: Sequence[Shape], on: Grid, at: float | None) -> Shape | None:
    if not shapes:
        return None
    if at is not None:
        return min(shapes, key=lambda s: abs(on.times[s.first] - at))
    worse = [s for s in shapes if s.effect > 0]
    return max(worse or shapes, key=lambda s: s.first)


def _described(found: Series, looked: Scan, chosen: Shape, others: Sequence[Shape]) -> Change:
    on, believed = looked.grid, causes(found, looked)
    forms = [s for s in looked.shapes if s.form is believed.form]
    best = max(forms, key=lambda s: abs(s.z), default=chosen)
    earliest, latest = _time_interval(forms, on)
    edges = sorted(on.bins[s.first] for s in others)
    first = max((e for e in edges if e < on.bins[best.first]), default=0)
    last = min((e for e in edges if e > on.bins[best.last]), default=found.bins)
    return Change(
        form=best.form,
        began=on.times[best.first],
        ended=on.times[best.last],
        earliest=earliest,
        latest=latest,
        effect=best.effect,
        z=best.z,
        before=found.between(first, on.bins[best.first]),
        after=found.between(on.bins[best.last], last),
        causes=believed,
        numeric=found.numeric,
        made_good=any(s.first > best.first and s.effect * best.effect < 0 for s in others),
    )


def _time_interval(shapes: Sequence[Shape], on: Grid) -> tuple[float, float]:
    """Beginnings that hold 95 % of the belief, the likeliest first; of an outside cause."""
    belief = [(log_factor(s.z, s.information), on.times[s.first]) for s in shapes]
    highest = max(log for log, _ in belief)
    shares = sorted(((math.exp(log - highest), t) for log, t in belief), reverse=True)
    total, kept, times = math.fsum(s for s, _ in shares), 0.0, []
    for share, time in shares:
        times.append(time)
        kept += share
        if kept >= _SURE_OF_TIME * total:
            break
    return min(times), max(times)


def _power(looked: Scan) -> tuple[float | None, int | None]:
    on, labelled = looked.grid, sum(looked.grid.labelled)
    variance = on.rate * (1 - on.rate) * looked.dispersion
    reach = (looked.limit + _POWER_90) ** 2 * variance / (_USUAL_SHARE * (1 - _USUAL_SHARE))
    missing = math.ceil(reach / WORTH_FINDING**2 - labelled)
    smallest = math.sqrt(reach / labelled) if labelled > 0 else None
    return smallest, missing if missing > 0 else None
