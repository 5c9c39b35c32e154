"""Prices come from one dated file, ``prices.toml`` beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Whose list told the price of a row, on which day, where it was not that of all others' region."""

    row: str
    region: str
    seen: str
    source: str


@dataclass(frozen=True, slots=True)
class Prices:
    """``usd`` is what one unit costs, by the name of its row."""

    region: str
    checked: str
    usd: Mapping[str, float]
    elsewhere: tuple[Elsewhere, ...] = field(default=())

    def of(self, name: str, units: float) -> float:
        return self.usd[name] * units


@cache
def prices() -> Prices:
    rows: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    region, checked = rows.pop("region"), rows.pop("checked")
    elsewhere = tuple(
        Elsewhere(name, r["region"], str(r["seen"]), r["source"])
        for name, r in rows.items()
        if "region" in r
    )
    usd = {name: r["usd"] / r["per"] for name, r in rows.items()}
    return Prices(region, str(checked), usd, elsewhere)
