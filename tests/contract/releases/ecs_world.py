"""ECS by AWS's own rules, in memory, with its load balancer: it refuses what AWS refuses.

Nothing starts before ``pass_time`` is called, and every call can be the last one before a crash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.contract.releases.ecs_balancing import (
    ARN,
    FakeBalancer,
    FakeScaling,
    groups_of,
)
from tests.contract.releases.ecs_calls import Client, Crashed, counted, refused

from ladle import names

BEGAN = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Service:
    name: str
    task: str
    desired: int
    group: str
    tags: dict[str, str]
    place: dict[str, Any]
    status: str = "ACTIVE"
    rollout: str = "IN_PROGRESS"
    healthy: int = 0
    since: datetime = BEGAN


@dataclass
class EcsWorld:
    """One cluster; ``broken`` are families whose tasks end as soon as they start."""

    model: str
    broken: set[str] = field(default_factory=set)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)  # by family:revision
    services: dict[str, Service] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    scaled: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: int = 0
    crash_at: int | None = None
    may_move: bool = True
    full: bool = False  # no machine can be had
    now: datetime = BEGAN

    def __post_init__(self) -> None:
        self.ecs, self.balancer, self.scaling = FakeEcs(self), FakeBalancer(self), FakeScaling(self)
        self.lambda_ = None

    def next_step(self) -> None:
        self.calls += 1
        if self.calls == self.crash_at:
            raise Crashed

    def pass_time(self) -> None:
        """Ten minutes, in which every service becomes what it is on the way to."""
        self.now += timedelta(minutes=10)
        for service in self.services.values():
            if self.full and service.rollout == "IN_PROGRESS":
                continue
            fails = service.task.partition(":")[0] in self.broken and service.desired > 0
            service.healthy = 0 if fails else service.desired
            service.rollout = "FAILED" if fails else "COMPLETED"

    def definition(self, name: str) -> dict[str, Any]:
        """By family (its newest revision that is active), family:revision or ARN."""
        name = name.rpartition("/")[2]
        if ":" not in name:
            active = [k for k in self._of(name) if self.tasks[k]["status"] == "ACTIVE"]
            name = active[-1] if active else name
        if name not in self.tasks:
            raise refused("ClientException", f"Unable to describe task definition {name}.")
        return self.tasks[name]

    def _of(self, family: str) -> list[str]:
        return [key for key in self.tasks if key.partition(":")[0] == family]


class FakeEcs(Client):
    @counted
    def register_task_definition(self, family: str, **wanted: Any) -> Any:
        for container in wanted["containerDefinitions"]:
            assert all(isinstance(v["value"], str) for v in container["environment"])
        revision = 1 + len(self.world._of(family))
        key = f"{family}:{revision}"
        arn = ARN.format("ecs", f"task-definition/{key}")
        made = {"taskDefinitionArn": arn, "family": family, "status": "ACTIVE", **wanted}
        self.world.tasks[key] = made
        return {"taskDefinition": made}

    @counted
    def describe_task_definition(self, taskDefinition: str) -> Any:  # noqa: N803 - AWS's name
        return {"taskDefinition": self.world.definition(taskDefinition)}

    @counted
    def list_task_definition_families(self, familyPrefix: str, status: str) -> Any:  # noqa: N803
        found: dict[str, None] = {}
        for definition in self.world.tasks.values():
            if definition["family"].startswith(familyPrefix) and status in (
                "ALL",
                definition["status"],
            ):
                found[definition["family"]] = None
        return {"families": list(found)}

    @counted
    def list_task_definitions(self, familyPrefix: str, status: str) -> Any:  # noqa: N803
        kept = (self.world.tasks[key] for key in self.world._of(familyPrefix))
        return {
            "taskDefinitionArns": [t["taskDefinitionArn"] for t in kept if t["status"] == status]
        }

    @counted
    def deregister_task_definition(self, taskDefinition: str) -> Any:  # noqa: N803
        found = self.world.definition(taskDefinition)
        found["status"] = "INACTIVE"
        return {"taskDefinition": found}

    @counted
    def create_service(self, cluster: str, serviceName: str, **wanted: Any) -> Any:  # noqa: N803
        self._cluster(cluster)
        world, [balancer] = self.world, wanted["loadBalancers"]
        group = balancer["targetGroupArn"]
        known = world.services.get(serviceName)
        if known is not None and known.status == "ACTIVE":
            raise refused("InvalidParameterException", "Creation of service was not idempotent.")
        if not any(group in groups_of(rule) for rule in world.rules.values()):
            what = f"The target group {group} does not have an associated load balancer."
            raise refused("InvalidParameterException", what)
        task = self._startable(wanted["taskDefinition"])
        tags = {tag["key"]: tag["value"] for tag in wanted["tags"]}
        place = {k: wanted[k] for k in ("capacityProviderStrategy", "networkConfiguration")}
        made = Service(serviceName, task, wanted["desiredCount"], group, tags, place)
        world.services[serviceName] = made
        return {"service": _told(made)}

    @counted
    def update_service(self, cluster: str, service: str, **changes: Any) -> Any:
        found = self._service(cluster, service)
        task = found.task
        if "taskDefinition" in changes:
            task = self._startable(changes["taskDefinition"])
        found.desired = changes.get("desiredCount", found.desired)
        if task != found.task or changes.get("forceNewDeployment"):
            found.task, found.rollout, found.healthy = task, "IN_PROGRESS", 0
            found.since = self.world.now
        found.healthy = min(found.healthy, found.desired)
        found.place |= {k: changes[k] for k in found.place if k in changes}
        return {"service": _told(found)}

    @counted
    def delete_service(self, cluster: str, service: str, force: bool) -> Any:
        found = self._service(cluster, service)
        if found.desired and not force:
            raise refused("InvalidParameterException", "The service cannot be stopped.")
        found.status, found.desired, found.healthy = "INACTIVE", 0, 0
        return {"service": _told(found)}

    @counted
    def describe_services(self, cluster: str, services: list[str], **_include: Any) -> Any:
        self._cluster(cluster)
        kept = self.world.services
        date = format_datetime(self.world.now, usegmt=True)
        return {
            "services": [_told(kept[name]) for name in services if name in kept],
            "ResponseMetadata": {"HTTPHeaders": {"date": date}},
        }

    @counted
    def tag_resource(self, resourceArn: str, tags: list[dict[str, str]]) -> None:  # noqa: N803
        found = self.world.services[resourceArn.rpartition("/")[2]]
        found.tags |= {tag["key"]: tag["value"] for tag in tags}

    def _cluster(self, cluster: str) -> None:
        if cluster != names.cluster(self.world.model):
            raise refused("ClusterNotFoundException", "Cluster not found.")

    def _service(self, cluster: str, name: str) -> Service:
        self._cluster(cluster)
        found: Service | None = self.world.services.get(name)
        if found is None:
            raise refused("ServiceNotFoundException", "Service not found.")
        if found.status != "ACTIVE":
            raise refused("ServiceNotActiveException", "Service was not ACTIVE.")
        return found

    def _startable(self, name: str) -> str:
        found = self.world.definition(name)
        if found["status"] != "ACTIVE":
            raise refused("ClientException", "TaskDefinition is inactive")
        return str(found["taskDefinitionArn"]).rpartition("/")[2]


def _told(service: Service) -> dict[str, Any]:
    cluster = ARN.format("ecs", "service/ladle/")
    return {
        "serviceName": service.name,
        "serviceArn": f"{cluster}{service.name}",
        "status": service.status,
        "taskDefinition": ARN.format("ecs", f"task-definition/{service.task}"),
        "desiredCount": service.desired,
        "loadBalancers": [{"targetGroupArn": service.group}],
        "deployments": [
            {
                "status": "PRIMARY",
                "rolloutState": service.rollout,
                "rolloutStateReason": f"ECS deployment is {service.rollout}",
                "createdAt": service.since,
            }
        ],
        "tags": [{"key": k, "value": v} for k, v in service.tags.items()],
        **service.place,
    }
