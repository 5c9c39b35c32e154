"""What a plan says of each target: one file per target, of the name that the catalogue gives it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from ladle.catalog import TARGET_MODULES, Target

if TYPE_CHECKING:
    from ladle.planning.grant import Grant, RoleGrants
    from ladle.planning.limits import Limit
    from ladle.planning.prices import Prices
    from ladle.planning.resource import Resource
    from ladle.planning.service_spec import ServiceSpec
    from ladle.planning.usage import Usage


class TargetPlanning(Protocol):
    """What the module of a target offers to plans.

    ``WAY_BACK`` ends the sentence "to release 7 by …" with how long that takes, ``SHARED`` says what
    of a model is its own and what is not. A grant is part of a role that the target's stack makes.
    ``PRINTS_ITSELF`` is whether the code that serves writes its own log, or another role does it for it.
    """

    WAY_BACK: str
    SHARED: str
    PAYLOAD_MB: float
    PRINTS_ITSELF: bool

    def resources(self, spec: ServiceSpec) -> Iterator[Resource]:
        """Of what serves and its door."""
        ...

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

    def other_roles(self, spec: ServiceSpec) -> Iterator[RoleGrants]:
        """Roles that only this target has."""
        ...

    def serving_costs(
        self, spec: ServiceSpec, usage: Usage, seconds: float, prices: Prices
    ) -> Iterator[tuple[str, float]]:
        """What is paid for and its USD, but for the door and the model's copy."""
        ...

    def most_per_s(self, spec: ServiceSpec, answer_ms: float) -> float:
        """Requests that its instances can answer, as many as there may be."""
        ...

    def limits(self, spec: ServiceSpec, usage: Usage) -> Iterator[Limit]:
        """Beside payload, door and variables, which every target has."""
        ...


def planning_of(target: Target) -> TargetPlanning:
    module = import_module(f"ladle.planning.targets.{TARGET_MODULES[target]}")
    return cast(TargetPlanning, module)
