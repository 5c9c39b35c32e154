"""What every later release of a model keeps, until ``ladle migrate`` or ``ladle upgrade`` says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ladle.catalog import DoorKind, Packaging, Target

LOCKED = "locked"  # key of pinned.json: locks by place of deployment
_RARE = {"grants", "base", "leaves", "logs", "door"}  # what most locks have nothing of


@dataclass(frozen=True, slots=True)
class Runtime:
    """The serving runtime by the digest of all its files; ``ladle`` is the version that brought it."""

    digest: str
    ladle: str

    def __str__(self) -> str:
        return f"of Ladle {self.ladle} ({self.digest.removeprefix('sha256:')[:8]})"


@dataclass(frozen=True, slots=True)
class Home:
    """Where releases of a model run: a target, and the newest number there was when they came to it.

    The first home of a model has base 0. Where the target numbers versions itself, a release's number
    is its version's plus ``base``; names of what two homes have at once are told apart by it.
    """

    target: Target
    base: int = 0

    @property
    def counts_itself(self) -> bool:
        """Whether AWS numbers what is published there, asking nobody."""
        return self.target is Target.LAMBDA

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Home:
        return cls(Target(data["target"]), int(data["base"]))


@dataclass(frozen=True, slots=True)
class Lock:
    """``runtime`` is None in what was written before runtimes were kept. ``grants`` are what the
    releases that can be gone back to need to start, beside what every release of the model may.
    ``base`` belongs to the home, ``leaves`` is the home that a model moves away from until the move is
    finished. ``logs`` is the base of the home with which the model's log group came into its stack.
    ``door`` is the kind that the model had when it first moved, and keeps: its address is the door's. None:
    what the config asks for.
    """

    target: Target
    packaging: Packaging
    runtime: Runtime | None
    grants: tuple[str, ...] = ()
    base: int = 0
    leaves: Home | None = None
    logs: int = 0
    door: DoorKind | None = None

    @property
    def home(self) -> Home:
        return Home(self.target, self.base)

    def leaving_for(self, target: Target, packaging: Packaging, base: int) -> Lock:
        """That of the home which comes. An endpoint that a model began with has a log group of its own
        under the id that the model's has elsewhere: there that one comes in with the next home.
        """
        logs = base if self.home == Home(Target.SAGEMAKER) else self.logs
        return replace(
            self,
            target=target,
            packaging=packaging,
            grants=(),
            base=base,
            leaves=self.home,
            logs=logs,
        )

    def to_json(self) -> dict[str, Any]:
        """Grants come and go with releases, and few models ever move: only where there is something."""
        data = asdict(self)
        return {k: v for k, v in data.items() if v or k not in _RARE}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Lock:
        """Raises KeyError, TypeError or ValueError for what is none."""
        runtime, leaves = data.get("runtime"), data.get("leaves")
        return cls(
            Target(data["target"]),
            Packaging(data["packaging"]),
            Runtime(**runtime) if runtime is not None else None,
            tuple(data.get("grants", ())),
            int(data.get("base", 0)),
            Home.from_json(leaves) if leaves is not None else None,
            int(data.get("logs", 0)),
            DoorKind(data["door"]) if "door" in data else None,
        )
