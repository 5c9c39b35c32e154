"""The services of a model, and the rule before them, are made once: no template holds them.

A template that named a task definition would put an old release back whenever anything else of the
service changed. All services stand ready from the first release on, all but the first one empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.ecs_slots import DIMENSION, RULE_TAG, SIZE_TAGS, EcsSlots
from ladle.aws.faults import code_of
from ladle.targets.ecs_weights import STEPS

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

_ALREADY_GONE = {"ClusterNotFoundException", "RuleNotFound", "ServiceNotFoundException"}
_ANY_PATH = "/*"
Shape = Mapping[str, Any]


class EcsService:
    """Makes services and rule as ``shape`` says (docs/formats.md), and takes them down again."""

    def __init__(
        self,
        ecs: ECSClient,
        balancer: ElasticLoadBalancingv2Client,
        scaling: ApplicationAutoScalingClient,
    ) -> None:
        self._ecs = ecs
        self._balancer = balancer
        self._scaling = scaling
        self._slots = EcsSlots(ecs, balancer, scaling)

    def ensure(self, model: str, release: int, shape: Shape) -> None:
        """``release`` gets all traffic where there is no rule yet. Whatever broke off is continued."""
        rule = self._rule(shape)
        made = self._services(model)
        for name in names.SLOTS:
            if name not in made:
                first = name == names.SLOTS[0]
                self._create(model, name, release, shape, rule, shape["min"] if first else 0)
            elif _differs(made[name], shape):
                self._reshape(model, name, shape)
            self._resize(model, made.get(name), shape)
            self._track(model, name, shape)

    def remove(self, model: str) -> None:
        """Its tasks must be gone before their cluster can be, which the stack deletes next."""
        found = self._slots.read(model)
        for name in self._services(model):
            self._ecs.delete_service(cluster=names.cluster(model), service=name, force=True)
        if found is not None:
            self._ignoring_gone(lambda: self._balancer.delete_rule(RuleArn=found.rule))
        left = [s["serviceArn"] for s in self._described(model) if s["status"] != "INACTIVE"]
        if left:
            self._ecs.get_waiter("services_inactive").wait(
                cluster=names.cluster(model), services=left, WaiterConfig={"MaxAttempts": 16}
            )

    def _rule(self, shape: Shape) -> str:
        """The rule that forwards, found or made: all traffic goes to the first slot."""
        listener = shape["listener"]
        for rule in self._balancer.describe_rules(ListenerArn=listener)["Rules"]:
            if not rule["IsDefault"]:
                return rule["RuleArn"]
        groups: Any = [
            {"TargetGroupArn": shape["target_groups"][name], "Weight": 0 if number else STEPS - 1}
            for number, name in enumerate(names.SLOTS)
        ]
        made = self._balancer.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "Values": [_ANY_PATH]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
        )
        return made["Rules"][0]["RuleArn"]

    def _create(
        self, model: str, name: str, release: int, shape: Shape, rule: str, size: int
    ) -> None:
        group = shape["target_groups"][name]
        port: Any = {"containerName": names.CONTAINER, "containerPort": shape["port"]}
        sizes = zip(SIZE_TAGS, (shape["min"], shape["max"]), strict=True)
        tags: Any = [
            {"key": key, "value": str(value)}
            for key, value in [(RULE_TAG, rule), *sizes, ("ladle:model", model)]
        ]
        self._ecs.create_service(
            cluster=names.cluster(model),
            serviceName=name,
            taskDefinition=names.task_family(model, release),
            desiredCount=size,
            loadBalancers=[port | {"targetGroupArn": group}],
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": False},
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
            },
            healthCheckGracePeriodSeconds=shape["grace_s"],
            enableECSManagedTags=True,
            propagateTags="SERVICE",
            tags=tags,
            **_place(shape),
        )

    def _reshape(self, model: str, name: str, shape: Shape) -> None:
        """Another network or other machines: tasks are replaced one by one, of the release they run."""
        self._ecs.update_service(
            cluster=names.cluster(model), service=name, forceNewDeployment=True, **_place(shape)
        )

    def _resize(self, model: str, service: Any, shape: Shape) -> None:
        if service is None:
            return
        sizes = zip(SIZE_TAGS, (shape["min"], shape["max"]), strict=True)
        tags: Any = [{"key": key, "value": str(value)} for key, value in sizes]
        self._ecs.tag_resource(resourceArn=service["serviceArn"], tags=tags)

    def _track(self, model: str, name: str, shape: Shape) -> None:
        """A slot at rest stays between 0 and 0; one that serves is sized when its trial is over."""
        resource = f"service/{names.cluster(model)}/{name}"
        known = self._scaling.describe_scalable_targets(
            ServiceNamespace="ecs", ResourceIds=[resource], ScalableDimension=DIMENSION
        )["ScalableTargets"]
        resting = known[0]["MaxCapacity"] == 0 if known else name != names.SLOTS[0]
        self._scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=resource,
            ScalableDimension=DIMENSION,
            MinCapacity=0 if resting else shape["min"],
            MaxCapacity=0 if resting else shape["max"],
        )
        self._scaling.put_scaling_policy(
            PolicyName="load",
            ServiceNamespace="ecs",
            ResourceId=resource,
            ScalableDimension=DIMENSION,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=_tracked(shape, name),
        )

    def _services(self, model: str) -> Mapping[str, Any]:
        return {s["serviceName"]: s for s in self._described(model) if s["status"] == "ACTIVE"}

    def _described(self, model: str) -> Sequence[Any]:
        try:
            return self._ecs.describe_services(
                cluster=names.cluster(model), services=list(names.SLOTS)
            )["services"]
        except ClientError as error:
            if code_of(error) in _ALREADY_GONE:
                return []
            raise

    def _ignoring_gone(self, call: Any) -> None:
        try:
            call()
        except ClientError as error:
            if code_of(error) not in _ALREADY_GONE:
                raise


def _place(shape: Shape) -> Any:
    """Where tasks run, as CreateService and UpdateService take it."""
    network = {
        "subnets": list(shape["subnets"]),
        "securityGroups": list(shape["security_groups"]),
        "assignPublicIp": "DISABLED",
    }
    return {
        "capacityProviderStrategy": list(shape["capacity"]),
        "networkConfiguration": {"awsvpcConfiguration": network},
    }


def _differs(service: Any, shape: Shape) -> bool:
    wanted = _place(shape)
    has = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    network = wanted["networkConfiguration"]["awsvpcConfiguration"]
    return service.get("capacityProviderStrategy", []) != wanted["capacityProviderStrategy"] or any(
        sorted(has.get(k, [])) != sorted(network[k]) for k in ("subnets", "securityGroups")
    )


def _tracked(shape: Shape, name: str) -> Any:
    """By requests where a GPU does the work: the processor beside it says nothing of it."""
    if shape["requests_a_minute"] is None:
        metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
        return {"PredefinedMetricSpecification": metric, "TargetValue": 60.0}
    balancer = shape["listener"].partition(":listener/")[2].rpartition("/")[0]
    group = shape["target_groups"][name].rpartition(":")[2]
    metric = {
        "PredefinedMetricType": "ALBRequestCountPerTarget",
        "ResourceLabel": f"{balancer}/{group}",
    }
    return {
        "PredefinedMetricSpecification": metric,
        "TargetValue": float(shape["requests_a_minute"]),
    }
