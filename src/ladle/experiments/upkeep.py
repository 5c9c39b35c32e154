"""What a store remembers besides its experiments: who writes, what was swept, what may be gone.

A collection has an epoch. What a writer found in the store holds while the epoch that it found it in
is the newest; a commit of an older one looks again at what it had not sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Epoch:
    """``begun`` and ``finished`` count sweeps; they differ while one is at work, until ``until``."""

    begun: int = 0
    finished: int = 0
    until: float = 0.0

    @property
    def is_quiet(self) -> bool:
        return self.begun == self.finished


@dataclass(frozen=True, slots=True)
class Session:
    """A writer at work: nothing stored since ``began_at`` is garbage while it lives."""

    id: str
    began_at: float
    until: float


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one collection took out of sight; ``listing`` is the object that names it all.

    With ``erases`` it is there to be destroyed, and never comes back.
    """

    epoch: int
    at: float
    listing: str
    objects: int
    bytes: int
    undone: bool = False
    erases: bool = False


class Gone(StrEnum):
    ERASED = "erased"  # personal data: destroyed in every version
    COLLECTED = "collected"  # let go by a policy that somebody chose


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Why something is no longer there: ``subject`` is a digest, or the id of an experiment."""

    subject: str
    kind: Gone
    name: str
    at: float
    by: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tombstone:
        return cls(**{**data, "kind": Gone(data["kind"])})
