"""A config as it was written: plain data in which every key and every value knows its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ladle.errors import Finding, Place

Path = tuple[str | int, ...]

# Findings after which the rest of a file is unknown.
BREAKS = frozenset({"LD101", "LD121"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """One config file as read: ``raw`` holds each scalar as it was written, quotes taken off."""

    file: str
    lines: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)
    keys: dict[Path, Spot] = field(default_factory=dict)
    values: dict[Path, Spot] = field(default_factory=dict)
    raw: dict[Path, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        """Whether reading stopped before the end of the file."""
        return any(finding.code in BREAKS for finding in self.findings)

    def at(self, spot: Spot, code: str, what: str, fix: str) -> Finding:
        """Never passes on what would steer a terminal."""
        line = self.lines[spot.line - 1] if spot.line <= len(self.lines) else ""
        place = Place(self.file, spot.line, spot.column)
        return Finding(code, _inert(what), _inert(fix), place, _inert(line))

    def on_value(self, path: Path, code: str, what: str, fix: str) -> Finding:
        """At the value, or at the nearest thing above it that was written."""
        while path and path not in self.values:
            path = path[:-1]
        return self.at(self.values.get(path, Spot(1, 1)), code, what, fix)

    def on_key(self, path: Path, code: str, what: str, fix: str) -> Finding:
        if path not in self.keys:
            return self.on_value(path, code, what, fix)
        return self.at(self.keys[path], code, what, fix)


def _inert(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
