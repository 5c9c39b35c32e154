"""The evidence as a metric, whose alarm wakes the controller."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


class AwsMetricSink:
    """The MetricSink of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: CloudWatchClient) -> None:
        self._client = client

    def publish_log_e(self, model: str, log_e: float, at: float) -> None:
        with asking("to publish evidence"):
            self._client.put_metric_data(
                Namespace=names.METRIC_NAMESPACE,
                MetricData=[
                    {
                        "MetricName": names.EVIDENCE_METRIC,
                        "Dimensions": [{"Name": "Model", "Value": model}],
                        "Value": log_e,
                        "Timestamp": datetime.fromtimestamp(at, UTC),
                    }
                ],
            )
