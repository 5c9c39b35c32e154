"""What a plan says of each target: one file per target, of the name that the catalogue gives it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Protocol, cast

from ladle.catalog import TARGET_MODULES, Target
from ladle.planning.grant import Grant
from ladle.planning.service_spec import ServiceSpec


class TargetPlanning(Protocol):
    """What the module of a target offers to plans; a grant is part of a role that its stack makes."""

    def log_group(self, spec: ServiceSpec) -> str:
        """Where what serves prints its lines."""
        ...

    def serving_grants(self, spec: ServiceSpec) -> Iterator[Grant]:
        """What the code that serves may do beside writing its log."""
        ...

    def publishing_grants(self, spec: ServiceSpec) -> Iterator[Grant]:
        """What the hand-off may do beside what it may on every target."""
        ...

    def routing_grants(self, spec: ServiceSpec) -> Iterator[Grant]:
        """What moves traffic."""
        ...


def planning_of(target: Target) -> TargetPlanning:
    return cast(TargetPlanning, import_module(f"ladle.planning.targets.{TARGET_MODULES[target]}"))
