"""A model's chain as the store has it, right or wrong: what a check reads before it trusts any of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ladle.errors import Conflict, NotFound
from ladle.experiments.manifest import RecordedExperiment


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One place of a chain. ``recorded`` is None where it cannot be read; ``why`` says so then."""

    sequence: int
    id: str
    recorded: RecordedExperiment | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """``links`` by sequence; ``head`` is the id and the sequence that the store calls the newest."""

    model: str
    links: tuple[ChainLink, ...]
    head: tuple[str, int] | None

    @property
    def recorded(self) -> tuple[RecordedExperiment, ...]:
        return tuple(link.recorded for link in self.links if link.recorded is not None)


def found_again(
    stored: Callable[[str], RecordedExperiment], experiment_id: str
) -> RecordedExperiment:
    """The same manifest again, after an answer that was lost, is no conflict; any other raises it."""
    try:
        return stored(experiment_id)
    except NotFound:
        raise Conflict(
            "LD303", "another experiment was recorded first", "chain to the new head"
        ) from None
