"""What costs many reads is looked at some times a day; what was seen is said until the next look."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LOOK_EVERY_S = 6 * 3600.0
Seen = TypeVar("Seen")


@dataclass(frozen=True, slots=True)
class Look(Generic[Seen]):
    """``about`` is what was looked at: another one is looked at at once."""

    about: Hashable
    at: float
    seen: Seen | None


@dataclass(slots=True)
class Looks(Generic[Seen]):
    """The last look by model, while a process lives: a controller that has seen something may not have
    the lease yet.
    """

    last: dict[str, Look[Seen]] = field(default_factory=dict)

    def seen(
        self, model: str, about: Hashable, now: float, look: Callable[[], Seen | None]
    ) -> Seen | None:
        last = self.last.get(model)
        if last is None or last.about != about or now - last.at >= LOOK_EVERY_S:
            self.last[model] = Look(about, now, None)  # also where reading fails
            last = self.last[model] = Look(about, now, look())
        return last.seen
