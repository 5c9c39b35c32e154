"""What Lambda says of a failed invocation and the emulator does not: log lines and error metrics.

On AWS nothing calls this. The embedded front door writes, from each invocation's FunctionError,
the lines that Lambda's platform would have logged and the metric dimension ExecutedVersion.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.function_home import FunctionHome
from ladle.aws.native_errors import of_a_function

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_logs import CloudWatchLogsClient


class Outcome(NamedTuple):
    """Of one invocation: ``failed`` is 1 or 0, ``base`` that of the release's home."""

    model: str
    release: int
    failed: int
    base: int = 0


class PlatformSignals:
    """Writes in Lambda's own words, under Lambda's own names."""

    def __init__(self, logs: CloudWatchLogsClient, cloudwatch: CloudWatchClient) -> None:
        self._logs = logs
        self._cloudwatch = cloudwatch
        self._streams: set[tuple[str, str]] = set()

    def failure_line(self, model: str, release: int, text: str, at: float, base: int = 0) -> None:
        """One line in a stream named as Lambda names those of a log group that several may share."""
        group, home = names.log_group(model), FunctionHome(base)
        day = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d")
        stream = f"{day}/{home.function(model)}[{home.version(release)}]embedded-door"
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

    def errors(self, counts: Mapping[Outcome, int]) -> None:
        by_release: dict[tuple[str, int, int], Counter[int]] = {}
        for (model, release, failed, base), n in counts.items():
            by_release.setdefault((model, release, base), Counter())[failed] += n
        data: list[MetricDatumTypeDef] = [
            {
                "MetricName": "Errors",
                "Dimensions": of_a_function(*release).named,
                "Values": [float(failed) for failed in seen],
                "Counts": [float(n) for n in seen.values()],
                "Unit": "Count",
            }
            for release, seen in by_release.items()
        ]
        if data:
            self._cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)
