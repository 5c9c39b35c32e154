"""The queue before an asynchronous endpoint: machines come when something waits in it, and go when nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.sagemaker_endpoint import MAX_INSTANCES, MIN_INSTANCES

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient

    from ladle.aws.session import AwsSession
    from ladle.ports import Clock

NAMESPACE: Final = "AWS/SageMaker"
WAITING_EACH: Final = 5.0  # requests that may wait for each machine
PERIOD_S: Final = 60
REACHES_S: Final = 60.0  # within this time nobody asks an endpoint that the door leads to no more
GIVEN_UP_S: Final = names.ANSWERS_WAIT_S + 3600.0  # nothing waits longer, or is answered for longer
_SCALES: Final = "sagemaker:variant:DesiredInstanceCount"


class Backlogs:
    """Of the endpoints of a model's releases."""

    def __init__(self, session: AwsSession, clock: Clock) -> None:
        self._scaling: ApplicationAutoScalingClient = session.scaling
        self._cloudwatch: CloudWatchClient = session.cloudwatch
        self._clock = clock

    def follow(self, model: str, release: int, tags: Mapping[str, str]) -> None:
        """As many machines as what waits needs, within the bounds that the release is tagged with."""
        resource: Any = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": names.scaled_endpoint(model, release),
            "ScalableDimension": _SCALES,
        }
        least, most = int(tags.get(MIN_INSTANCES, 0)), int(tags.get(MAX_INSTANCES, 1))
        with asking(f"to scale release {release} of {model}"):
            self._scaling.register_scalable_target(MinCapacity=least, MaxCapacity=most, **resource)
            self._scaling.put_scaling_policy(
                PolicyName="backlog",
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": WAITING_EACH,
                    "CustomizedMetricSpecification": {
                        "MetricName": "ApproximateBacklogSizePerInstance",
                        "Namespace": NAMESPACE,
                        "Dimensions": _named(model, release),
                        "Statistic": "Average",
                    },
                },
                **resource,
            )
            if least == 0:
                self._wake_from_nothing(model, release, resource)

    def _wake_from_nothing(self, model: str, release: int, resource: Any) -> None:
        """Per instance there is no backlog while there is no instance: another metric says so."""
        policy = self._scaling.put_scaling_policy(
            PolicyName="wake",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "MetricAggregationType": "Average",
                "Cooldown": 300,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
            **resource,
        )
        self._cloudwatch.put_metric_alarm(
            AlarmName=names.wake_alarm(model, release),
            AlarmDescription=f"Release {release} of {model} is asked and has no machine",
            Namespace=NAMESPACE,
            MetricName="HasBacklogWithoutCapacity",
            Dimensions=_named(model, release),
            Statistic="Average",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Threshold=1.0,
            Period=PERIOD_S,
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            TreatMissingData="missing",
            AlarmActions=[policy["PolicyARN"]],
        )

    def is_empty(self, model: str, release: int, left_at: float) -> bool:
        """Whether nothing waits or is being answered of a release that is not asked since ``left_at``.

        CloudWatch says so of a whole minute after its last requests; what it does not say is unknown,
        until SageMaker itself has given up the last of them.
        """
        now, last_asked_at = self._clock.now(), left_at + REACHES_S
        if now < last_asked_at + PERIOD_S:
            return False
        if now >= last_asked_at + GIVEN_UP_S:
            return True
        with asking(f"for what waits for release {release} of {model}"):
            points = self._cloudwatch.get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName="ApproximateBacklogSize",
                Dimensions=_named(model, release),
                StartTime=datetime.fromtimestamp(last_asked_at, UTC),
                EndTime=datetime.fromtimestamp(now + PERIOD_S, UTC),
                Period=PERIOD_S,
                Statistics=["Maximum"],
            )["Datapoints"]
        since = [point for point in points if point["Timestamp"].timestamp() >= last_asked_at]
        newest = max(since, key=lambda point: point["Timestamp"], default=None)
        return newest is not None and newest["Maximum"] == 0

    def leave(self, model: str, release: int) -> None:
        """Nothing is to scale an endpoint that goes. Idempotent."""
        with asking(f"to scale release {release} of {model} no more"):
            self._cloudwatch.delete_alarms(AlarmNames=[names.wake_alarm(model, release)])
            try:
                self._scaling.deregister_scalable_target(
                    ServiceNamespace="sagemaker",
                    ResourceId=names.scaled_endpoint(model, release),
                    ScalableDimension=_SCALES,
                )
            except self._scaling.exceptions.ObjectNotFoundException:
                return


def _named(model: str, release: int) -> Any:
    return [{"Name": "EndpointName", "Value": names.release_endpoint(model, release)}]
