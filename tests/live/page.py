"""docs/live-checks.md says what is believed; the checks only say how it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "live-checks.md"
_ROW = re.compile(r"^\| `([a-z]+\.[a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+) \|$")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the page: ``how`` is what a person would type."""

    id: str
    belief: str
    why: str
    how: str


def rows(page: Path = PAGE) -> Iterator[Row]:
    for line in _lines_of_tables(page):
        if found := _ROW.match(line):
            yield Row(*found.groups())


def ids_in_tables(page: Path = PAGE) -> Iterator[str]:
    """The first cell of every row, whatever stands in it."""
    for line in _lines_of_tables(page):
        yield line.split(" | ")[0].removeprefix("| ").strip("`")


def _lines_of_tables(page: Path) -> Iterator[str]:
    """Of the tables of beliefs; the page has others."""
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        inside = line.startswith("| check |") or (inside and line.startswith("|"))
        if inside and line.startswith("| ") and not line.startswith("| check |"):
            yield line
