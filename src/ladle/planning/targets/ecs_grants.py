"""What the roles of a model on ECS may: make and size its own services, and move its own rule."""

from __future__ import annotations

from collections.abc import Iterator

from ladle import names
from ladle.planning import arns
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.spans import span_grants
from ladle.planning.things import own_folder, own_log, tried_by_scaling


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """It reads its own releases' models, and nothing else of the store."""
    yield allow("s3", ["GetObjectVersion"], own_folder(spec.model))
    yield from span_grants(spec)


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    model = spec.model
    yield allow(
        "ecs",
        [
            "DeregisterTaskDefinition",
            "DescribeTaskDefinition",
            "ListTaskDefinitionFamilies",
            "ListTaskDefinitions",
            "RegisterTaskDefinition",
        ],
        Thing("*", "task definitions"),  # ECS asks for no ARN of them
    )
    yield allow(
        "ecs",
        ["CreateService", "DeleteService", "DescribeServices", "TagResource", "UpdateService"],
        _services(model),
    )
    listener = Thing(arns.balancer(f"listener/{_balancer(spec)}/*"), "its listener")
    yield allow("elasticloadbalancing", ["CreateRule"], listener)
    yield allow("elasticloadbalancing", ["DeleteRule"], _rule(spec))
    yield _LOOKS
    yield from _sizing("DescribeScalableTargets", "PutScalingPolicy", "RegisterScalableTarget")
    yield _passes(spec)
    scaler = "ecs.application-autoscaling.amazonaws.com"
    role = f"aws-service-role/{scaler}/AWSServiceRoleForApplicationAutoScaling_ECSService"
    yield allow(
        "iam",
        ["CreateServiceLinkedRole"],
        Thing(arns.role(role), "AWS's own role for scaling services, once in an account"),
        when={"StringEquals": {"iam:AWSServiceName": scaler}},
    )


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    yield allow("elasticloadbalancing", ["ModifyRule"], _rule(spec))
    yield _LOOKS
    yield allow("ecs", ["DescribeServices", "UpdateService"], _services(spec.model))
    yield from _sizing("RegisterScalableTarget")
    yield _passes(spec)


def other_roles(spec: ServiceSpec) -> Iterator[RoleGrants]:
    images = Thing(arns.cdk_images(), "images that the CDK uploaded")
    layers = ["BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"]
    yield RoleGrants(
        "execution",
        (
            allow("ecr", layers, images),
            allow("ecr", ["GetAuthorizationToken"], Thing("*", "the registry")),  # it has no ARN
            own_log(names.log_group(spec.model)),
        ),
    )
    if spec.compute.gpu:
        yield RoleGrants("machine", tuple(_agent(spec.model)))


def _agent(model: str) -> Iterator[Grant]:
    """What the agent of ECS does on each machine."""
    cluster = names.cluster(model)
    its_cluster = Thing(arns.ecs(f"cluster/{cluster}"), f"the cluster {cluster}")
    instances = Thing(arns.ecs(f"container-instance/{cluster}/*"), "its machines")
    joins = ["DeregisterContainerInstance", "RegisterContainerInstance"]
    reports = [
        "SubmitAttachmentStateChanges",
        "SubmitContainerStateChange",
        "SubmitTaskStateChange",
    ]
    yield allow("ecs", [*joins, *reports], its_cluster)
    lives = ["Poll", "StartTelemetrySession", "UpdateContainerInstancesState"]
    yield allow("ecs", lives, instances)
    yield allow("ecs", ["DiscoverPollEndpoint"], Thing("*", "ECS"))  # it has no ARN


def _services(model: str) -> Thing:
    cluster = names.cluster(model)
    return Thing(arns.ecs(f"service/{cluster}/*"), f"the services of {cluster}")


def _sizing(*actions: str) -> Iterator[Grant]:
    """A scalable target's ARN is a random number; what it scales is a condition."""
    yield allow(
        "application-autoscaling",
        [action for action in actions if not action.startswith("Describe")],
        Thing("*", "services of ECS"),
        when={"StringEquals": {"application-autoscaling:service-namespace": "ecs"}},
    )
    yield tried_by_scaling()
    if looks := [action for action in actions if action.startswith("Describe")]:
        yield allow("application-autoscaling", looks, Thing("*", "what is sized"))  # no ARN


def _passes(spec: ServiceSpec) -> Grant:
    roles = (names.serving_role(spec.model, spec.base), names.execution_role(spec.model))
    return allow(
        "iam",
        ["PassRole"],
        *(Thing(arns.role(role), f"the role {role}") for role in roles),
        when={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )


def balancer_id(spec: ServiceSpec) -> str:
    """What the home's load balancer is called in the template."""
    return f"{names.home_scope(spec.base)}Balancer"


def _balancer(spec: ServiceSpec) -> str:
    return f"${{{balancer_id(spec)}.LoadBalancerFullName}}"


def _rule(spec: ServiceSpec) -> Thing:
    return Thing(arns.balancer(f"listener-rule/{_balancer(spec)}/*"), "its rule")


_LOOKS = allow(
    "elasticloadbalancing",
    ["DescribeRules", "DescribeTargetHealth"],
    Thing("*", "load balancers"),  # looking knows no ARN
)
