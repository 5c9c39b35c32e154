"""Counters of one release in one window: additive, so any number of writers may add to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

Name = TypeVar("Name", int, str)
MICRO = 1_000_000  # a request whose rows are labelled one by one counts in millionths


class Counts(NamedTuple):
    """``requests`` finished (failed included), ``failed`` by our own or the platform's fault,
    ``rejected`` by the caller's; ``labelled_micro`` and ``wrong_micro`` in millionths of a request:
    each labelled row adds 1/rows of its request. ``latency`` counts warm answers by bin of
    :func:`latency_bin`; ``tallies`` holds what else is measured, by a name that its own module gives.
    A tuple, as Window: each look at a rollout holds thousands against what they were.
    """

    requests: int = 0
    failed: int = 0
    rejected: int = 0
    labelled_micro: int = 0
    wrong_micro: int = 0
    latency: Mapping[int, int] = {}
    tallies: Mapping[str, int] = {}

    @property
    def labelled(self) -> int:
        """Whole requests' worth of labels."""
        return self.labelled_micro // MICRO

    def __add__(self, other: Counts) -> Counts:  # type: ignore[override]
        return Counts(
            self.requests + other.requests,
            self.failed + other.failed,
            self.rejected + other.rejected,
            self.labelled_micro + other.labelled_micro,
            self.wrong_micro + other.wrong_micro,
            _added(self.latency, other.latency),
            _added(self.tallies, other.tallies),
        )


def _added(a: Mapping[Name, int], b: Mapping[Name, int]) -> Mapping[Name, int]:
    if not b:
        return a
    both = dict(a)
    for name, n in b.items():
        both[name] = both.get(name, 0) + n
    return both


@dataclass(frozen=True, slots=True)
class WindowKey:
    """Whose counters these are: ``start`` is UTC epoch seconds of the window's beginning."""

    model: str
    release: int
    start: float


def column_of(tally: str) -> str:
    """``d.age`` of ``d.age.7``: what is kept apart from the window's own row, which has few names."""
    kind, _, column = tally.rpartition(".")[0].partition(".")
    return f"{kind}.{column}" if column else ""


def kept_rows(key: WindowKey, counts: Counts) -> frozenset[tuple[WindowKey, str]]:
    """The rows of a store that these counters are added to."""
    return frozenset({(key, ""), *((key, column_of(tally)) for tally in counts.tallies)})


class Window(NamedTuple):
    """One window of one release, as read back."""

    start: float
    counts: Counts


def window_start(at: float, window_s: float) -> float:
    """Beginning of the window that holds ``at`` (both UTC epoch seconds)."""
    return (at // window_s) * window_s


def latency_bin(latency_ms: float) -> int:
    """Bin 0 is up to 0.25 ms; each next bin reaches sqrt(2) further; bin 47 holds the rest."""
    bound, bin_ = 0.25, 0
    while latency_ms > bound and bin_ < 47:
        bound *= 2**0.5
        bin_ += 1
    return bin_


def total(windows: Iterable[Window]) -> Counts:
    return sum((w.counts for w in windows), Counts())
