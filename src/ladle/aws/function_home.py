"""A release on Lambda is a version of its home's function: its number is the version's plus the base."""

from __future__ import annotations

from dataclasses import dataclass

from ladle import names


@dataclass(frozen=True, slots=True)
class FunctionHome:
    base: int = 0

    def function(self, model: str) -> str:
        return names.function(model, self.base)

    def version(self, release: int) -> str:
        """As a qualifier of the function."""
        return str(release - self.base)

    def release(self, version: str) -> int:
        """``$LATEST`` is no release: 0."""
        return int(version) + self.base if version.isdigit() else 0
