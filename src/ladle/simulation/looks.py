"""What one wake-up has seen so far: of what came after its last look at a thing it cannot know."""

from __future__ import annotations

from dataclasses import dataclass, field

from ladle.releases.state import ReleaseState

DOOR = "the door"


def alias_of(base: int | None) -> str:
    return f"the alias of home {base}"


def start_of(release: int) -> str:
    return f"whether release {release} starts"


@dataclass(slots=True)
class Looks:
    """``state`` is the ledger's as it was last read or written, ``at`` when what was last looked at."""

    state: ReleaseState | None = None
    at: dict[str, float] = field(default_factory=dict)

    def forget(self) -> None:
        """The next wake-up begins."""
        self.state = None
        self.at.clear()

    def missed(self, what: str, at: float) -> bool:
        """Whether this was looked at before then, and not since. What nobody looked at, nobody missed."""
        return what in self.at and self.at[what] < at
