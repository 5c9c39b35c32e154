"""What every later release of a model keeps, until ``ladle migrate`` or ``ladle upgrade`` says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ladle.catalog import Packaging, Target

LOCKED = "locked"  # key of pinned.json: locks by place of deployment


@dataclass(frozen=True, slots=True)
class Runtime:
    """The serving runtime by the digest of all its files; ``ladle`` is the version that brought it."""

    digest: str
    ladle: str

    def __str__(self) -> str:
        return f"of Ladle {self.ladle} ({self.digest.removeprefix('sha256:')[:8]})"


@dataclass(frozen=True, slots=True)
class Lock:
    """``runtime`` is None in what was written before runtimes were kept. ``grants`` are what the
    releases that can be gone back to need to start, beside what every release of the model may.
    """

    target: Target
    packaging: Packaging
    runtime: Runtime | None
    grants: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Grants come and go with releases: only where there are some."""
        data = asdict(self)
        return data if self.grants else {k: v for k, v in data.items() if k != "grants"}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Lock:
        """Raises KeyError, TypeError or ValueError for what is none."""
        runtime = data.get("runtime")
        return cls(
            Target(data["target"]),
            Packaging(data["packaging"]),
            Runtime(**runtime) if runtime is not None else None,
            tuple(data.get("grants", ())),
        )
