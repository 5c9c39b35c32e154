"""A row of the benchmark: who did the work at what cost, and which ratios must hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from processes import Cost


@dataclass(frozen=True, slots=True)
class Bar:
    """``value`` is at least ``bound``, or at most: what issue 3 asks for."""

    what: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "" if self.holds else "   MISSED"
        return f"{self.what}: {self.value:.3g} (bar {sign} {self.bound:g}){verdict}"


@dataclass(frozen=True, slots=True)
class Result:
    """``costs`` by who; ``notes`` are counts that no clock knows, such as requests and bytes."""

    costs: Mapping[str, Cost]
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = field(default=())

    def lines(self) -> Iterator[str]:
        for who, cost in self.costs.items():
            yield f"  {who:<34} {cost.cpu_s:8.2f} {cost.wall_s:8.2f} {cost.resident_mb:8.0f}"
        yield from (f"  {line}" for line in (*self.notes, *self.bars))


@dataclass(frozen=True, slots=True)
class Row:
    """``measure`` gets an empty folder of its own."""

    name: str
    measure: Callable[[Path], Result]
