"""A release that was proven is held to the level of its trial: bets that more answers are wrong than then.

The level is frozen: the labels of the other releases in the two weeks before this one served alone; of all where
those are few; or, once that is three weeks ago, of the first of the last three weeks. Each bet multiplies its capital by the likelihood of a
rate above ``level + margin`` over that rate itself; each day begins a new one, and the sum of all is an
e-detector (J. Shin, A. Ramdas and A. Rinaldo, "E-detectors", New England Journal of Statistics in Data
Science 2, 2024): while the rate stays below, it takes :data:`DAYS_BETWEEN` days on average until it stands
out by chance. A daily season is paid by the margin. Only bins whose labels are ripe count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ladle.quality.counts import Window
from ladle.why.change import AFTER_S, BEFORE_S, asked_about, quality_report
from ladle.why.season import DAY_S
from ladle.why.series import Series, Tally, series, summed

DAYS_BETWEEN = 1000.0  # false incidents of one model, on average at least
MARGIN = 0.01  # points above the level that are no incident
LEAST_LABELS = 200  # of the level
_SURE = 2.326  # one-sided 99 %
_RATIOS = (1.2, 1.5, 2.0, 4.0)  # of the rates that the bets are on
_REJECTED = 0.005  # points of rejected requests that the contract of the data may lose


@dataclass(frozen=True, slots=True)
class LateFinding:
    """``seen`` is up to where the bets stood highest; ``release`` is the one to blame, None for an outside
    cause or where that cannot be told yet.
    """

    level: Tally
    seen: Tally
    log_e: float
    limit: float
    began: float | None
    release: int | None
    contract_kept: bool


def late_regression(
    windows: Mapping[int, Sequence[Window]], release: int, alone_since: float, now: float
) -> LateFinding | None:
    """About ``release``, which serves ``alone_since`` then. None while nothing stands out, or too few labels came to say."""
    since, _ = asked_about(now, None)
    first = min((w.start for found in windows.values() for w in found), default=now)
    found = series(windows, max(since, first, alone_since - BEFORE_S), now)
    frozen = alone_since if alone_since > since else since + AFTER_S
    before, limit = _level(found, release, frozen), math.log(DAYS_BETWEEN)
    if before.labelled < LEAST_LABELS:
        return None
    log_e, end = _highest(found, frozen, _bound(before))
    if log_e < limit:
        return None
    after = summed(c.tally for c in found.cells if found.time(c.bin) >= frozen and c.bin <= end)
    change = quality_report(windows, now).change
    worse = change if change is not None and change.worse else None
    return LateFinding(
        level=before,
        seen=after,
        log_e=log_e,
        limit=limit,
        began=worse.began if worse else None,
        release=worse.causes.release if worse else None,
        contract_kept=_rejected(after) - _rejected(before) < _REJECTED,
    )


def _level(found: Series, release: int, frozen: float) -> Tally:
    before = [c for c in found.cells if found.time(c.bin) < frozen]
    others = summed(c.tally for c in before if c.release != release)
    return others if others.labelled >= LEAST_LABELS else summed(c.tally for c in before)


def _bound(level: Tally) -> float:
    """The rate that is still no incident; what few labels leave open is not held against anybody."""
    n = level.labelled
    rate = min(max(level.wrong / n, 1 / n), 1 - 1 / n)
    return min(0.95, rate + _SURE * math.sqrt(rate * (1 - rate) / n) + MARGIN)


def _highest(found: Series, frozen: float, bound: float) -> tuple[float, int]:
    """The detector's highest, in nats, and its bin: of each rate a sum over the days that a bet began on."""
    rates = [r for r in (bound * ratio for ratio in _RATIOS) if r < 1] or [(1 + bound) / 2]
    capital, day, highest, end = [0.0] * len(rates), -math.inf, 0.0, 0
    for cell in found.cells:
        at, n, k = found.time(cell.bin), cell.tally.labelled, cell.tally.wrong
        if at < frozen:
            continue
        if at - day >= DAY_S:
            capital, day = [c + 1.0 for c in capital], at
        for j, rate in enumerate(rates):
            nats = k * math.log(rate / bound) + (n - k) * math.log((1 - rate) / (1 - bound))
            capital[j] = min(capital[j] * math.exp(min(nats, 100.0)), 1e100)
        if sum(capital) / len(capital) > highest:
            highest, end = sum(capital) / len(capital), cell.bin
    return math.log(highest) if highest > 0 else -math.inf, end


def _rejected(tally: Tally) -> float:
    return tally.rejected / tally.requests if tally.requests else 0.0
