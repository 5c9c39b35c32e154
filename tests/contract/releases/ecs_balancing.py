"""A load balancer and Application Auto Scaling by AWS's own rules, in memory."""

from __future__ import annotations

from typing import Any

from tests.contract.releases.ecs_calls import Client, counted, refused

from ladle import names

ARN = "arn:aws:{}:eu-west-1:111122223333:{}"
LISTENER = ARN.format("elasticloadbalancing", "listener/app/ladle/1/2")
GROUPS = {
    slot: ARN.format("elasticloadbalancing", f"targetgroup/ladle-{slot}/3") for slot in names.SLOTS
}
MOST_WEIGHT = 999


class FakeBalancer(Client):
    @counted
    def describe_rules(
        self,
        ListenerArn: str | None = None,  # noqa: N803
        RuleArns: list[str] | None = None,  # noqa: N803
    ) -> Any:
        rules = self.world.rules
        if RuleArns is None:
            default = {"RuleArn": f"{ListenerArn}/default", "IsDefault": True, "Actions": []}
            return {"Rules": [*rules.values(), default]}
        if not set(RuleArns) <= rules.keys():
            raise refused("RuleNotFound", "One or more rules not found")
        return {"Rules": [rules[arn] for arn in RuleArns]}

    @counted
    def create_rule(self, ListenerArn: str, Priority: int, **wanted: Any) -> Any:  # noqa: N803
        if any(rule["Priority"] == str(Priority) for rule in self.world.rules.values()):
            raise refused("PriorityInUse", f"Priority '{Priority}' is currently in use")
        _weighed(wanted["Actions"])
        arn = f"{ListenerArn.replace('listener/', 'listener-rule/')}/{Priority}"
        made = {"RuleArn": arn, "Priority": str(Priority), "IsDefault": False, **wanted}
        self.world.rules[arn] = made
        return {"Rules": [made]}

    @counted
    def modify_rule(self, RuleArn: str, Actions: list[Any]) -> Any:  # noqa: N803
        if not self.world.may_move:
            raise refused("AccessDenied", "not authorized to perform ModifyRule")
        if RuleArn not in self.world.rules:
            raise refused("RuleNotFound", "One or more rules not found")
        _weighed(Actions)
        self.world.rules[RuleArn]["Actions"] = Actions
        return {"Rules": [self.world.rules[RuleArn]]}

    @counted
    def delete_rule(self, RuleArn: str) -> None:  # noqa: N803
        if self.world.rules.pop(RuleArn, None) is None:
            raise refused("RuleNotFound", "One or more rules not found")

    @counted
    def describe_target_health(self, TargetGroupArn: str) -> Any:  # noqa: N803
        services = self.world.services.values()
        up = sum(s.healthy for s in services if s.group == TargetGroupArn)
        return {"TargetHealthDescriptions": up * [{"TargetHealth": {"State": "healthy"}}]}


class FakeScaling(Client):
    @counted
    def register_scalable_target(self, ResourceId: str, **wanted: Any) -> None:  # noqa: N803
        name = ResourceId.rpartition("/")[2]
        service = self.world.services.get(name)
        if service is None or service.status != "ACTIVE":
            raise refused("ValidationException", "ECS service doesn't exist")
        if wanted["MinCapacity"] > wanted["MaxCapacity"]:
            raise refused("ValidationException", "Maximum capacity cannot be less than minimum")
        service.desired = max(service.desired, wanted["MinCapacity"])
        self.world.scaled[name] = self.world.scaled.get(name, {}) | wanted

    @counted
    def describe_scalable_targets(self, ResourceIds: list[str], **_which: Any) -> Any:  # noqa: N803
        named = (resource.rpartition("/")[2] for resource in ResourceIds)
        return {
            "ScalableTargets": [
                self.world.scaled[name] for name in named if name in self.world.scaled
            ]
        }

    @counted
    def put_scaling_policy(self, ResourceId: str, **_wanted: Any) -> None:  # noqa: N803
        if ResourceId.rpartition("/")[2] not in self.world.scaled:
            raise refused("ObjectNotFoundException", "No scalable target registered")


def groups_of(rule: dict[str, Any]) -> list[str]:
    [action] = rule["Actions"]
    return [group["TargetGroupArn"] for group in action["ForwardConfig"]["TargetGroups"]]


def _weighed(actions: list[Any]) -> None:
    [action] = actions
    for group in action["ForwardConfig"]["TargetGroups"]:
        if group["TargetGroupArn"] not in GROUPS.values():
            raise refused("TargetGroupNotFound", "One or more target groups not found")
        weight = group["Weight"]
        if not isinstance(weight, int) or not 0 <= weight <= MOST_WEIGHT:
            raise refused("ValidationError", f"Weight must be between 0 and {MOST_WEIGHT}")
