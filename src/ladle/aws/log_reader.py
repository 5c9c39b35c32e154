"""The log of a model, read line by line in the order in which they were written."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking
from ladle.errors import NotFound
from ladle.ports import LoggedLine

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import FilteredLogEventTypeDef


class AwsLogReader:
    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def lines(self, model: str, since: float) -> Iterator[LoggedLine]:
        """Of the groups that its target writes: SageMaker names them, one for each endpoint."""
        with asking(f"for the log of {model}"):
            for group in (names.log_group(model), names.endpoint_log_group(model)):
                try:
                    yield from self._lines(group, since)
                except self._client.exceptions.ResourceNotFoundException:
                    continue
                return
            if groups := list(self._of_releases(model)):
                each = (self._lines(group, since) for group in groups)
                yield from heapq.merge(*each, key=lambda line: line.at)
                return
        raise NotFound(
            "LD520",
            f"{model} has no log: it was never deployed here",
            "ladle status lists the models that are",
        )

    def _of_releases(self, model: str) -> Iterator[str]:
        pages = self._client.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=names.release_log_groups(model)
        )
        for page in pages:
            yield from (group["logGroupName"] for group in page["logGroups"])

    def _lines(self, group: str, since: float) -> Iterator[LoggedLine]:
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=group, startTime=int(since * 1000)
        )
        for page in pages:
            yield from (_line(event) for event in page["events"])


def _line(event: FilteredLogEventTypeDef) -> LoggedLine:
    """The embedded AWS gives no id to what a function printed: moment and text tell lines apart."""
    at_ms, text = event["timestamp"], event["message"].rstrip("\n")
    id_ = event.get("eventId") or f"{at_ms} {text}"
    return LoggedLine(id_, at_ms / 1000, event["logStreamName"], text)
