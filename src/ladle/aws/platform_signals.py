"""What Lambda says of a failed invocation and the emulator does not: log lines and error metrics.

On AWS nothing calls this. The embedded front door writes, from each invocation's FunctionError,
the lines that Lambda's platform would have logged and the metric dimension ExecutedVersion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle import names

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient


class PlatformSignals:
    """Writes in Lambda's own words, under Lambda's own names."""

    def __init__(self, logs: CloudWatchLogsClient, cloudwatch: CloudWatchClient) -> None:
        self._logs = logs
        self._cloudwatch = cloudwatch
        self._streams: set[tuple[str, str]] = set()

    def failure_line(self, model: str, release: int, text: str, at: float) -> None:
        """One line in a stream whose name holds the version, as Lambda names streams."""
        group = names.log_group(model)
        day = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d")
        stream = f"{day}/[{release}]embedded-door"
        if (group, stream) not in self._streams:
            try:
                self._logs.create_log_stream(logGroupName=group, logStreamName=stream)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                    raise
            self._streams.add((group, stream))
        self._logs.put_log_events(
            logGroupName=group,
            logStreamName=stream,
            logEvents=[{"timestamp": int(at * 1000), "message": text}],
        )

    def errors(self, counts: Mapping[tuple[str, int, int], int]) -> None:
        """``counts`` of invocations by (model, release, 1 if it failed else 0)."""
        by_release: dict[tuple[str, int], Counter[int]] = {}
        for (model, release, failed), n in counts.items():
            by_release.setdefault((model, release), Counter())[failed] += n
        data: list[MetricDatumTypeDef] = [
            {
                "MetricName": "Errors",
                "Dimensions": [
                    {"Name": "FunctionName", "Value": names.function(model)},
                    {"Name": "Resource", "Value": f"{names.function(model)}:{names.ALIAS}"},
                    {"Name": "ExecutedVersion", "Value": str(release)},
                ],
                "Values": [float(failed) for failed in seen],
                "Counts": [float(n) for n in seen.values()],
                "Unit": "Count",
            }
            for (model, release), seen in by_release.items()
        ]
        if data:
            self._cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
