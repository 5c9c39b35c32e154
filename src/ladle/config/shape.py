"""Which keys and choices the schema has at a path; read from the models, never written twice."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

from ladle.config.document import Path
from ladle.config.schema import ModelConfig, Strict


def section_at(path: Path) -> type[Strict] | None:
    """The model that stands at ``path``, or None for a mapping of free keys."""
    section: type[Strict] | None = ModelConfig
    steps = list(path)
    while steps and section is not None:
        annotation = next(
            (f.annotation for n, f in section.model_fields.items() if (f.alias or n) == steps[0]),
            None,
        )
        if get_origin(annotation) is dict and len(steps) > 1:
            steps.pop(0)
            annotation = get_args(annotation)[1]
        steps.pop(0)
        section = _assection_at(annotation)
    return section


def _assection_at(annotation: Any) -> type[Strict] | None:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Strict):
            return part
    return None


def keys_of(section: type[Strict]) -> list[str]:
    return [f.alias or name for name, f in section.model_fields.items()]


def choices_at(path: Path) -> list[str]:
    section = section_at(path[:-1])
    if section is None:  # the values of a free mapping: capture.classify
        return ["drop", "hash", "keep"]
    annotation = next(
        f.annotation for n, f in section.model_fields.items() if (f.alias or n) == path[-1]
    )
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Enum):
            return [str(member.value) for member in part]
        if get_origin(part) is Literal:
            return [str(choice) for choice in get_args(part)]
    return []


@cache
def all_paths() -> tuple[tuple[str, ...], ...]:
    return tuple(_paths_below(ModelConfig, ()))


def _paths_below(section: type[Strict], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        yield here
        if below := _assection_at(field.annotation):
            yield from _paths_below(below, here)
