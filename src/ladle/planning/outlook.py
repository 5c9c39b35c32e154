"""What follows from a plan for one model: what it makes, may, costs, shows and risks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ladle.config.schema import TrafficEstimate
from ladle.planning import permissions
from ladle.planning.captured import Captured, captured
from ladle.planning.cost import Cost, cost
from ladle.planning.exposure import Exposure, exposure
from ladle.planning.grant import RoleGrants
from ladle.planning.limits import Limit, limits
from ladle.planning.plan import ModelPlan
from ladle.planning.prices import Prices
from ladle.planning.recovery import blast_radius, recovery
from ladle.planning.resource import Resource
from ladle.planning.resources import resources
from ladle.planning.usage import Usage, stated


@dataclass(frozen=True, slots=True)
class Outlook:
    resources: tuple[Resource, ...]
    permissions: tuple[RoleGrants, ...]
    cost: Cost
    exposure: Exposure
    captured: Captured | None
    recovery: tuple[str, ...]
    blast_radius: tuple[str, ...]
    limits: tuple[Limit, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "resources": [resource.to_json() for resource in self.resources],
            "permissions": [role.to_json() for role in self.permissions],
            "cost": self.cost.to_json(),
            "exposure": self.exposure.to_json(),
            "captured": self.captured and self.captured.to_json(),
            "recovery": list(self.recovery),
            "blast_radius": list(self.blast_radius),
            "limits": [limit.to_json() for limit in self.limits],
        }


def outlook(
    model: ModelPlan, traffic: TrafficEstimate, prices: Prices, seen: Usage | None = None
) -> Outlook:
    """At the traffic that was ``seen``, else at that which the config states."""
    spec, usage = model.wanted, seen or stated(model.wanted, traffic)
    bill = cost(spec, usage, prices)
    return Outlook(
        resources=resources(spec),
        permissions=permissions.of_model(spec),
        cost=bill,
        exposure=exposure(spec),
        captured=captured(spec),
        recovery=tuple(recovery(model)),
        blast_radius=tuple(blast_radius(model, usage)),
        limits=limits(spec, usage, traffic, bill.expected.total),
    )
