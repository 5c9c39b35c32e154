"""Rollouts to judge, drawn from a seed: six shapes of traffic, and what a candidate does in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from rules import Arms

from ladle.quality import errors
from ladle.quality.counts import MICRO, Counts, Window
from ladle.simulation.requests import answers, some
from ladle.simulation.scenario import Truth
from ladle.simulation.streams import Rate, Traffic, bursty, constant, deal, diurnal, outage

TENTH = Traffic(per_window=600, candidate_share=0.1)  # of ten requests a second
FINE = Traffic(
    per_window=100, candidate_share=0.1
)  # the same traffic, looked at six times as often


@dataclass(frozen=True, slots=True)
class Shape:
    traffic: Traffic
    windows: int
    failures: Callable[[random.Random], Rate]


SHAPES: dict[str, Shape] = {
    "steady": Shape(TENTH, 60, lambda _: constant(0.01)),
    "bursty": Shape(TENTH, 60, lambda draws: bursty(0.01, draws)),
    "diurnal": Shape(TENTH, 144, lambda _: diurnal(0.02, 144)),
    "low traffic": Shape(Traffic(6), 360, lambda _: constant(0.01)),
    "rare errors": Shape(TENTH, 60, lambda _: constant(0.001)),
    "shared outage": Shape(TENTH, 60, lambda _: outage(0.01, 0.2, 20, 29)),
}


def rollout(
    seed: int, shape: Shape, candidate: float | None = None, wrong: tuple[float, float] = (0.1, 0.1)
) -> Arms:
    """Failures by the shape's rate, the candidate's by ``candidate`` where it is given; every answer
    is labelled at once.
    """
    draws = random.Random(seed)
    rate = shape.failures(draws)
    arms: tuple[list[Window], list[Window]] = ([], [])
    for k in range(shape.windows):
        failing = (rate(k), rate(k) if candidate is None else candidate)
        for arm, n, failures, is_wrong in zip(
            arms, deal(draws, shape.traffic), failing, wrong, strict=True
        ):
            counts = answers(draws, n, Truth(failures, is_wrong, 40.0, starts=True))
            answered = n - counts.failed
            labels = Counts(
                labelled_micro=answered * MICRO,
                wrong_micro=some(draws, answered, is_wrong) * MICRO,
            )
            arm.append(Window(k * shape.traffic.window_s, counts + labels))
    return arms


def picked_rollout(seed: int, shape: Shape, kept: float) -> Arms:
    """Equal releases, a tenth of answers wrong; of the candidate's right ones only ``kept`` are labelled."""
    draws = random.Random(seed)
    arms: tuple[list[Window], list[Window]] = ([], [])
    for k in range(shape.windows):
        for arm, n, part in zip(arms, deal(draws, shape.traffic), (1.0, kept), strict=True):
            wrong = some(draws, n, 0.1)
            labelled = wrong + some(draws, n - wrong, part)
            counts = Counts(n, labelled_micro=labelled * MICRO, wrong_micro=wrong * MICRO)
            arm.append(Window(k * shape.traffic.window_s, counts))
    return arms


def numeric_rollout(seed: int, traffic: Traffic, windows: int, spread: float) -> Arms:
    """Labels of a regression: normal errors, of the stable release with a spread of 1."""
    draws = random.Random(seed)
    arms: tuple[list[Window], list[Window]] = ([], [])
    for k in range(windows):
        for arm, n, wide in zip(arms, deal(draws, traffic), (1.0, spread), strict=True):
            sums: dict[str, int] = {}
            for _ in range(n):
                for name, amount in errors.tallies(draws.gauss(0, wide), 0.0, MICRO).items():
                    sums[name] = sums.get(name, 0) + amount
            counts = Counts(requests=n, labelled_micro=n * MICRO, tallies=sums)
            arm.append(Window(k * traffic.window_s, counts))
    return arms
