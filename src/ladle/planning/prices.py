"""Prices come from one dated file, ``prices.toml`` beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Prices:
    """``usd`` is what one unit costs, by the name of its row."""

    region: str
    checked: str
    usd: Mapping[str, float]

    def of(self, name: str, units: float) -> float:
        return self.usd[name] * units


@cache
def prices() -> Prices:
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))
    region, checked = rows.pop("region"), rows.pop("checked")
    return Prices(region, str(checked), {name: r["usd"] / r["per"] for name, r in rows.items()})
