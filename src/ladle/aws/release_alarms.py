"""A release that fails at every second call rings by itself, even when our own pipeline is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ladle import names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class AwsReleaseAlarms:
    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def ensure(self, model: str, release: int, topic_arn: str) -> None:
        function = names.function(model)
        dimensions = {
            "FunctionName": function,
            "Resource": f"{function}:{names.ALIAS}",
            "ExecutedVersion": str(release),
        }
        self._client.put_metric_alarm(
            AlarmName=names.native_alarm(model, release),
            AlarmDescription=f"Half of the calls of {model}'s release {release} fail",
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
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

    def delete_all(self, model: str) -> None:
        prefix = names.native_alarm(model, 0).removesuffix("0")
        pages = self._client.get_paginator("describe_alarms")
        for page in pages.paginate(AlarmNamePrefix=prefix):
            found = [alarm["AlarmName"] for alarm in page["MetricAlarms"]]
            if found:
                self._client.delete_alarms(AlarmNames=found)
