"""What the roles of a model may whose releases have an endpoint each, and whose door leads to one of them."""

from __future__ import annotations

from collections.abc import Iterator

from ladle import names
from ladle.planning import arns
from ladle.planning.grant import Grant, RoleGrants, Thing, allow
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.things import tried_by_scaling


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    _, models, configs = _things(spec.model)
    logs = Thing(
        arns.log_group(f"{names.release_log_groups(spec.model)}*"), "the logs of its endpoints"
    )
    role = Thing(arns.role(names.serving_role(spec.model, spec.base)), "the role that serves")
    to_sagemaker = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    yield allow("sagemaker", ["CreateModel", "DeleteModel", "DescribeModel"], models)
    yield allow("sagemaker", ["CreateEndpointConfig", "DeleteEndpointConfig"], configs)
    yield allow("sagemaker", ["AddTags"], models)
    yield allow("iam", ["PassRole"], role, when=to_sagemaker)
    yield allow(
        "logs",
        [
            "CreateLogGroup",
            "DeleteLogGroup",
            "PutRetentionPolicy",
            "PutSubscriptionFilter",
            "TagResource",
        ],
        logs,
    )
    yield from _endpoints_and_stage(spec)


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    yield from _endpoints_and_stage(spec)


def _endpoints_and_stage(spec: ServiceSpec) -> Iterator[Grant]:
    """Whoever starts a release reads its config; the stage is found through the model's stack."""
    endpoints, _, configs = _things(spec.model)
    stage = Thing(arns.stage_of_the_door(names.ALIAS), "the stage of its door")
    stack = names.model_stack(spec.model)
    its_stack = Thing(arns.stack(stack), f"the stack {stack}")
    yield allow("sagemaker", ["DescribeEndpointConfig"], configs)
    yield allow("sagemaker", ["CreateEndpoint"], endpoints, configs)
    yield allow("sagemaker", ["DeleteEndpoint", "DescribeEndpoint"], endpoints)
    yield allow("sagemaker", ["AddTags", "ListTags"], endpoints, configs)
    yield allow("apigateway", ["GET", "PATCH"], stage)
    yield allow("cloudformation", ["DescribeStackResource"], its_stack)


def publishing_of_queues(spec: ServiceSpec) -> Iterator[Grant]:
    """Who takes an endpoint down ends what scales it."""
    yield scaling_of_variants("DeregisterScalableTarget")
    yield allow("cloudwatch", ["DeleteAlarms"], _wakes(spec.model))


def routing_of_queues(spec: ServiceSpec) -> Iterator[Grant]:
    """Machines of a release follow what waits for it, and it goes when nothing does.

    Whoever asks Application Auto Scaling for that must be allowed what it does then.
    """
    linked = Thing(arns.endpoint_scaling_role(), "the role by which AWS scales endpoints")
    yield scaling_of_variants(
        "DeregisterScalableTarget", "PutScalingPolicy", "RegisterScalableTarget"
    )
    yield allow("sagemaker", ["UpdateEndpointWeightsAndCapacities"], endpoints_of(spec.model))
    yield tried_by_scaling()
    yield allow("cloudwatch", ["DeleteAlarms", "PutMetricAlarm"], _wakes(spec.model))
    yield allow("cloudwatch", ["GetMetricStatistics"], Thing("*", "any metric"))  # it has no ARN
    yield allow("iam", ["CreateServiceLinkedRole"], linked)


def scaling_of_variants(*actions: str) -> Grant:
    variants = Thing(arns.scalable_targets(), "scaling of variants")
    scaled = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    return allow("application-autoscaling", actions, variants, when=scaled)


def _wakes(model: str) -> Thing:
    alarms = names.wake_alarm(model, 0).removesuffix("0") + "*"
    return Thing(arns.alarm(alarms), f"the alarms {alarms}")


def endpoints_of(model: str) -> Thing:
    return _things(model)[0]


def door_role(model: str) -> RoleGrants:
    """By which API Gateway asks whichever endpoint the stage names: of this model, and no other."""
    endpoints, _, _ = _things(model)
    return RoleGrants("door", (allow("sagemaker", ["InvokeEndpoint"], endpoints),))


def pulling_the_image() -> Iterator[Grant]:
    """SageMaker acts as the role that serves to bring the image."""
    images = Thing(arns.cdk_images(), "the images that the CDK uploads")
    pulls = ["BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"]
    yield allow("ecr", pulls, images)
    yield allow("ecr", ["GetAuthorizationToken"], Thing("*", "the registry"))  # it has no ARN


def _things(model: str) -> tuple[Thing, Thing, Thing]:
    """No model's name has two hyphens together, so none of these is another's."""
    every = f"{names.endpoint(model)}--*"
    return (
        Thing(arns.sagemaker(f"endpoint/{every}"), f"its endpoints {every}"),
        Thing(arns.sagemaker(f"model/{every}"), "its models"),
        Thing(arns.sagemaker(f"endpoint-config/{every}"), "its endpoint configs"),
    )
