"""What was decided besides the alias stands in the state until it is done, so that no crash loses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Retire:
    """Versions that nothing may return to any more: delete them with what they alone use."""

    releases: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notify:
    """Tell the people named in ``notify``."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Switch:
    """Let nothing serve, or let what has traffic serve again. Idempotent."""

    on: bool


Effect = Retire | Notify | Switch


def effect_to_json(effect: Effect) -> dict[str, Any]:
    return asdict(effect)


def effect_from_json(data: Mapping[str, Any]) -> Effect:
    if "releases" in data:
        return Retire(tuple(data["releases"]))
    if "on" in data:
        return Switch(data["on"])
    return Notify(data["subject"], data["text"])
