"""A variant has as many instances as its requests need, between the bounds that its endpoint is tagged with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.sagemaker_endpoint import MAX_INSTANCES, MIN_INSTANCES, PER_MINUTE

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient

_SCALES: Final = "sagemaker:variant:DesiredInstanceCount"


def scale(
    client: ApplicationAutoScalingClient, model: str, release: int, tags: Mapping[str, str]
) -> None:
    least, most = int(tags.get(MIN_INSTANCES, 1)), int(tags.get(MAX_INSTANCES, 1))
    if most <= least:
        return
    resource = names.scaled_variant(model, release)
    with asking(f"to scale release {release} of {model}"):
        client.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=resource,
            ScalableDimension=_SCALES,
            MinCapacity=least,
            MaxCapacity=most,
        )
        client.put_scaling_policy(
            PolicyName="ladle",
            ServiceNamespace="sagemaker",
            ResourceId=resource,
            ScalableDimension=_SCALES,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": float(tags[PER_MINUTE]),
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
            },
        )


def stop_scaling(client: ApplicationAutoScalingClient, model: str, release: int) -> None:
    """A variant that scales cannot leave its endpoint."""
    with asking(f"to scale release {release} of {model} no more"):
        try:
            client.deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=names.scaled_variant(model, release),
                ScalableDimension=_SCALES,
            )
        except client.exceptions.ObjectNotFoundException:
            return
