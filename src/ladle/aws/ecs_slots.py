"""The services of a model on ECS: what each runs, how much traffic it gets, and whether it is up.

A slot's release stands in the family of the task definition that its service runs; its share stands
in the one rule of the load balancer that forwards requests, whose ARN each service carries as a tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import digest, names
from ladle.aws.faults import asking, code_of
from ladle.errors import NotFound
from ladle.policy.traffic import Traffic
from ladle.targets.ecs_weights import STEPS

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client

    from ladle.aws.session import AwsSession

RULE_TAG = "ladle:rule"
SIZE_TAGS = ("ladle:min", "ladle:max")
START_LIMIT_S = 1800.0  # a machine that cannot be had must not keep everything else waiting
DIMENSION: Any = "ecs:service:DesiredCount"
_NO_TASK = {"ClientException", "InvalidParameterException"}
_GONE = {"ClusterNotFoundException", "RuleNotFound", "ServiceNotFoundException"}


class Condition(StrEnum):
    """FAILED: its tasks ended again and again, so that ECS gave up."""

    RESTING = "resting"
    STARTING = "starting"
    STEADY = "steady"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Slot:
    """``release`` is 0 for a task definition that is none of Ladle's; ``weight`` as the rule has it;
    ``gave_up`` is what ECS says when it did, else None.
    """

    name: str
    release: int
    weight: int
    target_group: str
    desired: int
    settled: bool
    gave_up: str | None
    sizes: tuple[int, int]
    since: float = 0.0  # UTC epoch seconds at which it was last filled
    filled_for_s: float = 0.0  # by the clock of AWS


@dataclass(frozen=True, slots=True)
class Slots:
    """All slots as one read found them; ``revision`` is the hash of all that a write depends on."""

    rule: str
    slots: tuple[Slot, ...]
    weights: Mapping[str, int]  # of every target group of the rule, also of a slot not yet filled
    revision: str

    @property
    def traffic(self) -> Traffic:
        """The heavier slot's release is the main one; what nobody of us wrote reads as release 0."""
        shares = sorted(((s.weight, s.release) for s in self.slots if s.weight), reverse=True)
        if sum(self.weights.values()) != sum(weight for weight, _ in shares):
            return Traffic(0)
        match shares:
            case [(_, main)]:
                return Traffic(main)
            case [(more, main), (less, canary)] if main != canary:
                ours = more == _beside(less)
                return Traffic(main, canary, less / STEPS if ours else less / (more + less))
        return Traffic(0)

    def of(self, release: int) -> Slot | None:
        """Where it has traffic, else where it runs, else where it ran last."""
        found = [slot for slot in self.slots if slot.release == release]
        return max(found, key=lambda slot: (slot.weight, slot.desired), default=None)

    def free(self) -> Slot:
        """The slot without traffic whose release is the oldest."""
        return min((slot for slot in self.slots if not slot.weight), key=lambda slot: slot.release)

    def weighing(self, traffic: Traffic) -> Sequence[Mapping[str, Any]]:
        """The rule's target groups for ``traffic``, both of whose releases are in slots."""
        given = dict.fromkeys(self.weights, 0)
        less = round(traffic.canary_weight * STEPS)
        for release, weight in ((traffic.main, _beside(less)), (traffic.canary, less)):
            slot = self.of(release) if release is not None else None
            if slot is not None:
                given[slot.target_group] = weight
        return _forwarded(given)

    @property
    def as_it_is(self) -> Sequence[Mapping[str, Any]]:
        return _forwarded(self.weights)


def _forwarded(weights: Mapping[str, int]) -> Sequence[Mapping[str, Any]]:
    return [{"TargetGroupArn": group, "Weight": weight} for group, weight in weights.items()]


def _beside(less: int) -> int:
    """The main slot's weight, always the greater, at most 999: halves must be told apart."""
    return min(STEPS - 1, max(STEPS - less, less + 1))


class EcsSlots:
    """Reads the slots, fills one with a release, and puts one to rest; never moves traffic."""

    def __init__(
        self,
        ecs: ECSClient,
        balancer: ElasticLoadBalancingv2Client,
        scaling: ApplicationAutoScalingClient,
    ) -> None:
        self._ecs = ecs
        self._balancer = balancer
        self._scaling = scaling

    @classmethod
    def of(cls, aws: AwsSession) -> EcsSlots:
        return cls(aws.ecs, aws.balancer, aws.scaling)

    def read(self, model: str) -> Slots | None:
        """None before the first release has its service."""
        with asking(f"for the services of {model}"):
            try:
                at, services = self._services(model)
                rule = next((tags.get(RULE_TAG) for _, tags in services), None)
                if rule is None:
                    return None
                [found] = self._balancer.describe_rules(RuleArns=[rule])["Rules"]
            except ClientError as error:
                if code_of(error) in _GONE:
                    return None
                raise
        weights = _weights(found)
        slots = tuple(_slot(model, service, tags, weights, at) for service, tags in services)
        told = [[s.name, s.release, s.target_group] for s in slots]
        return Slots(rule, slots, weights, str(digest.of_json([told, dict(weights)])))

    def condition(self, slot: Slot) -> Condition:
        """A slot that answers is steady while it has traffic, whatever becomes of single tasks."""
        if not slot.desired:
            return Condition.RESTING
        answers = self._healthy(slot) > 0
        if answers and (slot.weight or slot.settled):
            return Condition.STEADY
        if slot.gave_up is not None or (not slot.weight and slot.filled_for_s > START_LIMIT_S):
            return Condition.FAILED
        return Condition.STARTING

    def start(self, model: str, found: Slots, slot: Slot, release: int) -> None:
        """Fills a slot without traffic; none becomes smaller until the trial is over.

        Raises NotFound for a release that is gone.
        """
        least, most = slot.sizes
        serving = max(found.slots, key=lambda other: other.weight)
        busy = [other.name for other in found.slots if other.weight]
        with asking(f"to start release {release} of {model}"):
            try:
                self._ecs.update_service(
                    cluster=names.cluster(model),
                    service=slot.name,
                    taskDefinition=names.task_family(model, release),
                    desiredCount=min(max(serving.desired, least), most),
                    forceNewDeployment=True,  # also of what ran here before: it is watched anew
                )
            except ClientError as error:
                if code_of(error) in _NO_TASK:
                    what = f"release {release} of {model} has no task definition any more"
                    raise NotFound("LD505", what, "ladle history shows why") from error
                raise
            for name in {slot.name, *busy}:
                self._keep_between(model, name, slot.sizes, shrinks=False)

    def rest(self, model: str, slot: Slot) -> None:
        """Its service keeps its task definition, so that it can be started again."""
        with asking(f"to put release {slot.release} of {model} to rest"):
            self._keep_between(model, slot.name, (0, 0), shrinks=True)
            self._ecs.update_service(
                cluster=names.cluster(model), service=slot.name, desiredCount=0
            )

    def wake(self, model: str, slot: Slot, shrinks: bool) -> None:
        """What rested with its traffic starts at its least size."""
        with asking(f"to start release {slot.release} of {model} again"):
            self._keep_between(model, slot.name, slot.sizes, shrinks)
            self._ecs.update_service(
                cluster=names.cluster(model), service=slot.name, desiredCount=slot.sizes[0]
            )

    def may_shrink(self, model: str, slot: Slot) -> None:
        """A slot that serves alone follows its load again, down as well."""
        with asking(f"to scale release {slot.release} of {model}"):
            self._keep_between(model, slot.name, slot.sizes, shrinks=True)

    def _keep_between(self, model: str, slot: str, sizes: tuple[int, int], shrinks: bool) -> None:
        self._scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{names.cluster(model)}/{slot}",
            ScalableDimension=DIMENSION,
            MinCapacity=sizes[0],
            MaxCapacity=sizes[1],
            SuspendedState={"DynamicScalingInSuspended": not shrinks},
        )

    def _services(
        self, model: str
    ) -> tuple[float, list[tuple[Mapping[str, Any], Mapping[str, str]]]]:
        """When AWS answered, and each service with its tags."""
        answer: Any = self._ecs.describe_services(
            cluster=names.cluster(model), services=list(names.SLOTS), include=["TAGS"]
        )
        active = [s for s in answer["services"] if s["status"] == "ACTIVE"]
        active.sort(key=lambda service: service["serviceName"])
        tags = ({t["key"]: t["value"] for t in s.get("tags", [])} for s in active)
        return _answered_at(answer), list(zip(active, tags, strict=True))

    def _healthy(self, slot: Slot) -> int:
        with asking(f"whether slot {slot.name} answers"):
            found = self._balancer.describe_target_health(TargetGroupArn=slot.target_group)
        states = [t["TargetHealth"]["State"] for t in found["TargetHealthDescriptions"]]
        return states.count("healthy")


def _answered_at(answer: Mapping[str, Any]) -> float:
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(date).timestamp() if date else 0.0


def _slot(
    model: str,
    service: Mapping[str, Any],
    tags: Mapping[str, str],
    weights: Mapping[str, int],
    at: float,
) -> Slot:
    group = service["loadBalancers"][0]["targetGroupArn"]
    primary = (d for d in service["deployments"] if d["status"] == "PRIMARY")
    newest: Mapping[str, Any] = next(primary, {})
    least, most = (int(tags.get(tag, 1)) for tag in SIZE_TAGS)
    since = newest["createdAt"].timestamp() if "createdAt" in newest else at
    return Slot(
        name=service["serviceName"],
        release=release_of(model, service["taskDefinition"]),
        weight=weights.get(group, 0),
        target_group=group,
        desired=service["desiredCount"],
        settled=newest.get("rolloutState") == "COMPLETED",
        gave_up=newest.get("rolloutStateReason", "")
        if newest.get("rolloutState") == "FAILED"
        else None,
        sizes=(least, most),
        since=since,
        filled_for_s=at - since,
    )


def release_of(model: str, task_definition: str) -> int:
    """The number in ``…:task-definition/ladle-fraud_7:1``; 0 for one that is none of Ladle's."""
    family = task_definition.rpartition("/")[2].partition(":")[0]
    number = family.removeprefix(names.task_family(model, 0).removesuffix("0"))
    return int(number) if number.isdigit() else 0


def _weights(rule: Any) -> Mapping[str, int]:
    """By target group; empty where the rule does something else than forward."""
    forwards = [a for a in rule["Actions"] if a["Type"] == "forward"]
    groups = forwards[0].get("ForwardConfig", {}).get("TargetGroups", []) if forwards else []
    return {group["TargetGroupArn"]: group.get("Weight", 1) for group in groups}
