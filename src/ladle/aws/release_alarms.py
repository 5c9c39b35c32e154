"""A release that fails at every second call rings by itself, even when our own pipeline is dead."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.native_errors import native_errors
from ladle.policy.lock import Home

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class AwsReleaseAlarms:
    """``home`` is where the releases run that are told of."""

    def __init__(self, client: CloudWatchClient, home: Home) -> None:
        self._client = client
        self._home = home

    def ensure(self, model: str, release: int, topic_arn: str) -> None:
        errors = native_errors(self._home, model, release)
        if errors is None:
            return
        dimensions: Any = errors.named
        self._client.put_metric_alarm(
            AlarmName=names.native_alarm(model, release),
            AlarmDescription=f"Half of the calls of {model}'s release {release} fail",
            Namespace=errors.namespace,
            MetricName=errors.metric,
            Dimensions=dimensions,
            Statistic="Average",
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            Threshold=0.5,
            Period=60,
            EvaluationPeriods=1,
            DatapointsToAlarm=1,
            TreatMissingData="notBreaching",
            AlarmActions=[topic_arn],
        )

    def delete(self, model: str, release: int) -> None:
        self._client.delete_alarms(AlarmNames=[names.native_alarm(model, release)])

    def delete_all(self, model: str, but: Collection[int] = ()) -> None:
        kept = {names.native_alarm(model, release) for release in but}
        prefix = names.native_alarm(model, 0).removesuffix("0")
        pages = self._client.get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNamePrefix=prefix):
            found = {alarm["AlarmName"] for alarm in page["MetricAlarms"]}
            if gone := sorted(found - kept):
                self._client.delete_alarms(AlarmNames=gone)
