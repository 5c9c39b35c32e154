"""How often `ladle why` names the guilty release, and how often it blames one for what it did not do.

Three weeks of hourly counters at 100 labels an hour, an accuracy that goes up and down by a point over
the day, six releases at random hours (at least 25 h apart, as canary and holdback keep them), and, where
the row says so, a lasting loss of two points a week ago. Rolled out as shipped: an hour at 10 %, then
all but 5 %, for a day, unless the row says otherwise. Beside it, on the same series, a judge that knows what nobody knows: the season,
the accuracy before and the size of the loss, so that only the time is left to find. What it misses, no
method can find in these labels.

    scripts/bench why [SERIES] [FIRST_SEED]
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ladle.quality.event_share import log_sum_exp
from ladle.why.causes import SURE, Causes, causes
from ladle.why.changepoint import changes, scan
from ladle.why.series import Cell, Series, Tally
from ladle.why.shapes import grid

HOURS, CHANGE, RELEASES = 504, 336, 6


@dataclass(frozen=True, slots=True)
class Case:
    """``guilty``: a release is; else something outside, or nobody where ``loss`` is 0. ``labels`` an hour;
    after its canary a release runs beside the one before it, which has ``beside`` percent, so many hours.
    """

    name: str
    accuracy: float
    loss: float
    guilty: bool
    slowly: bool = False
    labels: int = 100
    beside: int = 5
    beside_h: int = 24


CASES = (
    Case("a release, 90 → 88 %", 0.90, 0.02, True),
    Case("outside, 90 → 88 %", 0.90, 0.02, False),
    Case("a release, 95 → 93 %", 0.95, 0.02, True),
    Case("outside, 95 → 93 %", 0.95, 0.02, False),
    Case("a release, 98 → 96 %", 0.98, 0.02, True),
    Case("outside, 98 → 96 %", 0.98, 0.02, False),
    Case("outside, over four days, 95 → 93 %", 0.95, 0.02, False, slowly=True),
    Case("nothing, 90 %", 0.90, 0.0, False),
    Case("a release, 90 → 88 %, 150 labels/h", 0.90, 0.02, True, labels=150),
    Case("a release, 90 → 88 %, 200 labels/h", 0.90, 0.02, True, labels=200),
    Case("outside, 90 → 88 %, 200 labels/h", 0.90, 0.02, False, labels=200),
    Case("a release, 90 → 88 %, half and half for 48 h", 0.90, 0.02, True, beside=50, beside_h=48),
    Case("outside, 90 → 88 %, half and half for 48 h", 0.90, 0.02, False, beside=50, beside_h=48),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """``guilty`` is the number of the release that is, if one is; ``phase`` the hour of the day's middle."""

    series: Series
    guilty: int | None
    case: Case
    phase: int


def drawn(case: Case, seed: int) -> Drawn:
    rng = random.Random(f"{case.name} {seed}")
    coins = np.random.default_rng(rng.getrandbits(64))
    hours = [CHANGE] if case.guilty else []
    while len(hours) < RELEASES:
        hour = rng.randrange(12, HOURS - 4)
        if all(abs(hour - other) > case.beside_h for other in hours):
            hours.append(hour)
    hours.sort()
    guilty = hours.index(CHANGE) + 2 if case.guilty else None
    phase, cells = rng.randrange(24), []
    for hour in range(HOURS):
        for release, labels in _served(case, hour, hours):
            wrong = _usual(case, hour, phase) + _lost(case, hour, release, guilty)
            bad = float(coins.binomial(labels, wrong))
            cells.append(Cell(hour, release, Tally(labels, 0.0, 0.0, labels, bad)))
    return Drawn(Series(0.0, 3600.0, HOURS, tuple(cells), HOURS * 3600.0), guilty, case, phase)


def _served(case: Case, hour: int, hours: list[int]) -> Iterator[tuple[int, int]]:
    """Release 1 serves from the start, release n from the (n-1)th hour on."""
    newest = 1 + sum(h <= hour for h in hours)
    age = hour - hours[newest - 2] if newest > 1 else HOURS
    beside = case.labels * (90 if age < 1 else case.beside) // 100
    if age > case.beside_h:
        yield newest, case.labels
        return
    yield newest - 1, beside
    yield newest, case.labels - beside


def _usual(case: Case, hour: int, phase: int) -> float:
    return 1 - case.accuracy + 0.01 * math.sin(2 * math.pi * (hour - phase) / 24)


def _lost(case: Case, hour: int, release: int, guilty: int | None) -> float:
    if guilty is not None:
        return case.loss * (release >= guilty)
    if not case.slowly:
        return case.loss * (hour >= CHANGE)
    return case.loss * min(1.0, max(0.0, (hour - CHANGE) / 96))


def judged(one: Drawn) -> Causes | None:
    """As ``ladle why`` judges the clearest change; None when none stands out."""
    on = grid(one.series)
    found = changes(on)
    return causes(one.series, scan(on, found[1:])) if found else None


def knowing(one: Drawn) -> Causes:
    """With everything but the cause known: exact likelihoods, the same prior, no ramps."""
    at: dict[int, float] = dict.fromkeys(range(HOURS + 1), 0.0)
    of: dict[int, float] = {}
    for cell in one.series.cells:
        usual = _usual(one.case, cell.bin, one.phase)
        high, n, k = usual + one.case.loss, cell.tally.labelled, cell.tally.wrong
        nats = k * math.log(high / usual) + (n - k) * math.log((1 - high) / (1 - usual))
        at[cell.bin] += nats
        for release in range(2, cell.release + 1):
            of[release] = of.get(release, 0.0) + nats
    sums, so_far = [], 0.0
    for hour in range(HOURS - 1, 0, -1):
        so_far += at[hour]
        sums.append(so_far)
    logs = {r: math.log(0.7 / len(of)) + nats for r, nats in of.items()}
    outside = math.log(0.3 / len(sums)) + log_sum_exp(sums)
    total = log_sum_exp([*logs.values(), outside])
    shares = {r: math.exp(v - total) for r, v in logs.items()}
    return Causes(shares, math.exp(outside - total), 0.0)


def shares(answers: list[tuple[Causes | None, int | None]]) -> Iterator[float]:
    """Named right, blamed wrongly, said to be outside, cannot tell, no change found."""
    n = len(answers)
    blamed = [(c.release, guilty) for c, guilty in answers if c and c.release is not None]
    yield sum(release == guilty for release, guilty in blamed) / n
    yield sum(release != guilty for release, guilty in blamed) / n
    yield sum(bool(c and c.outside) for c, _ in answers) / n
    yield sum(bool(c and c.release is None and not c.outside) for c, _ in answers) / n
    yield sum(c is None for c, _ in answers) / n


def main(count: int, first: int) -> None:
    print(f"{count} series a row, seeds {first} to {first + count - 1}, named from {SURE:.2f} on\n")
    print("| case | judge | right release | wrong blame | outside | cannot tell | no change |")
    print("|---|---|---|---|---|---|---|")
    for case in CASES:
        series = [drawn(case, seed) for seed in range(first, first + count)]
        rows = {"ladle why": [(judged(one), one.guilty) for one in series]}
        if case.loss and not case.slowly:
            rows["all but the cause known"] = [(knowing(one), one.guilty) for one in series]
        for judge, answers in rows.items():
            told = " | ".join(f"{100 * share:.1f} %" for share in shares(answers))
            print(f"| {case.name} | {judge} | {told} |", flush=True)


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["1000", "0"][len(sys.argv) - 1 :])))
