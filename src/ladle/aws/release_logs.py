"""The log of a release that has an endpoint of its own: SageMaker names it, and would keep it for ever.

So it is made before the endpoint is, with an end to its lines and their way to the collector.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

FILTER = "ladle"


class ReleaseLogs:
    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def ensure(
        self, model: str, release: int, days: int, collector: str, tags: Mapping[str, str]
    ) -> None:
        """``collector`` is the function that reads the lines, by its ARN. Idempotent."""
        group = names.release_log_group(model, release)
        with asking(f"to make the log {group}"):
            with suppress(self._client.exceptions.ResourceAlreadyExistsException):
                self._client.create_log_group(logGroupName=group, tags=dict(tags))
            self._client.put_retention_policy(logGroupName=group, retentionInDays=days)
            self._client.put_subscription_filter(
                logGroupName=group, filterName=FILTER, filterPattern="", destinationArn=collector
            )

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""
        group = names.release_log_group(model, release)
        gone = self._client.exceptions.ResourceNotFoundException
        with asking(f"to delete the log {group}"), suppress(gone):
            self._client.delete_log_group(logGroupName=group)
