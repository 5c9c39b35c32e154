"""The log of a model, read line by line in the order in which they were written."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import chain
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
        """Of all groups that its targets write, two while it moves: SageMaker names those of endpoints, and
        has one for each where each release has its own.
        """
        own = (names.log_group(model), names.endpoint_log_group(model))
        with asking(f"for the log of {model}"):
            groups = (*own, *self._of_releases(model))
            found = [log for group in groups if (log := self._log(group, since)) is not None]
            if found:
                yield from heapq.merge(*found, key=lambda line: line.at)
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

    def _log(self, group: str, since: float) -> Iterator[LoggedLine] | None:
        """None where there is no such group, which the first page tells."""
        pages = iter(
            self._client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since * 1000)
            )
        )
        try:
            first = next(pages)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return (_line(event) for page in chain([first], pages) for event in page["events"])


def _line(event: FilteredLogEventTypeDef) -> LoggedLine:
    """The embedded AWS gives no id to what a function printed: moment and text tell lines apart."""
    at_ms, text = event["timestamp"], event["message"].rstrip("\n")
    id_ = event.get("eventId") or f"{at_ms} {text}"
    return LoggedLine(id_, at_ms / 1000, event["logStreamName"], text)
