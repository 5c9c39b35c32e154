"""Was it a release, or something outside? Each release's own requests are weighed against every other time.

A guilty release r makes its own requests wrong (and those of the releases built on it), whenever it
served and whatever share it had: where it ran beside another release, that overlap decides, and no time
has to be guessed. An outside cause makes every release's requests wrong from some time on, at once or
slowly. Each such hypothesis is one regressor beside the season (see ``changepoint``), with z and
information I; with a normal prior of standard deviation s (five points) on its effect its Bayes factor
against "no change" is

    ln B = z^2/2 * I s^2 / (1 + I s^2) - ln(1 + I s^2)/2

(J. Wakefield, "Bayes factors for genome-wide association studies", Genetic Epidemiology 33, 2009). The
releases share 70 % of the prior, which is the share of outages that changes of a live system cause (B.
Beyer and others, "Site Reliability Engineering", 2016, chapter 1); of the rest three quarters belong to
steps, a quarter to ramps, in equal parts over times. A step that begins with a release and could have
begun at a hundred other times so speaks for the release; one that may as well have begun an hour before
it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ladle.quality.event_share import log_sum_exp
from ladle.why.changepoint import Scan
from ladle.why.series import Cell, Series
from ladle.why.shapes import Form

SURE = 0.8  # share of belief from which a cause is named: four to one
_USUAL_EFFECT = 0.05
_RELEASES, _STEPS, _RAMPS = 0.7, 0.225, 0.075
_ONWARD = 0.75  # of a release's part: what it did wrong, those after it do too


@dataclass(frozen=True, slots=True)
class Causes:
    """Shares of belief; they sum to 1."""

    by_release: Mapping[int, float]
    step: float
    ramp: float

    @property
    def likeliest(self) -> int | None:
        return max(self.by_release, key=lambda r: self.by_release[r], default=None)

    @property
    def release(self) -> int | None:
        """The release to blame."""
        best = self.likeliest
        return best if best is not None and self.by_release[best] >= SURE else None

    @property
    def outside(self) -> bool:
        return self.step + self.ramp >= SURE

    @property
    def form(self) -> Form:
        return Form.RAMP if self.ramp > 0.5 else Form.STEP


def causes(found: Series, looked: Scan) -> Causes:
    """``looked`` is the scan that every other change was taken out of."""
    cells = [c for c in found.cells if c.tally.labelled > 0]
    releases = _newcomers(cells)
    steps = [log_factor(s.z, s.information) for s in looked.shapes if s.form is Form.STEP]
    ramps = [log_factor(s.z, s.information) for s in looked.shapes if s.form is Form.RAMP]
    logs: dict[int | Form, float] = {
        Form.STEP: math.log(_STEPS) + _log_mean(steps),
        Form.RAMP: math.log(_RAMPS) + _log_mean(ramps),
    }
    for release in releases:
        logs[release] = math.log(_RELEASES / len(releases)) + _guilt(release, cells, looked)
    total = log_sum_exp(list(logs.values()))
    share = {key: math.exp(value - total) for key, value in logs.items()}
    return Causes({r: share[r] for r in releases}, share[Form.STEP], share[Form.RAMP])


def log_factor(z: float, information: float) -> float:
    """The Bayes factor of an effect against none, in nats."""
    spread = information * _USUAL_EFFECT**2
    return z * z / 2 * spread / (1 + spread) - math.log1p(spread) / 2


def _newcomers(cells: Sequence[Cell]) -> tuple[int, ...]:
    """Releases that came after the series began: nothing is known of the time before the others."""
    first = min((c.bin for c in cells), default=0)
    began = {c.release for c in cells if c.bin == first}
    return tuple(sorted({c.release for c in cells} - began))


def _guilt(release: int, cells: Sequence[Cell], looked: Scan) -> float:
    """Of two ways to be guilty: together with what came after it, and alone."""
    onward = _weighed(lambda r: r >= release, cells, looked)
    if not any(c.release > release for c in cells):
        return onward
    alone = _weighed(lambda r: r == release, cells, looked)
    return log_sum_exp([math.log(_ONWARD) + onward, math.log(1 - _ONWARD) + alone])


def _weighed(guilty: Callable[[int], bool], cells: Sequence[Cell], looked: Scan) -> float:
    """The Bayes factor of an effect on the requests of the ``guilty`` releases, in nats."""
    on, fitted = looked.grid, looked.fitted
    row = {b: i for i, b in enumerate(on.bins)}
    square = product = 0.0
    shares = [0.0] * len(fitted.columns)
    for cell in cells:
        if not guilty(cell.release):
            continue
        i, n = row[cell.bin], cell.tally.labelled
        weight = fitted.weights[i] * n / on.labelled[i]
        expected = on.wrong[i] / on.labelled[i] - fitted.residuals[i]
        square += weight
        product += weight * (cell.tally.wrong / n - expected)
        for j, column in enumerate(fitted.columns):
            shares[j] += weight * column[i]
    information = square - sum([s * s for s in shares])
    if information <= 1e-9 * square:
        return 0.0
    return log_factor(product / math.sqrt(information), information)


def _log_mean(logs: Sequence[float]) -> float:
    return log_sum_exp(logs) - math.log(len(logs)) if logs else -math.inf
