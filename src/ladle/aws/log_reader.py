"""The log group of a model, read line by line in the order in which they were written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.faults import asking
from ladle.errors import NotFound
from ladle.ports import LoggedLine

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class AwsLogReader:
    def __init__(self, client: CloudWatchLogsClient) -> None:
        self._client = client

    def lines(self, model: str, since: float, term: str | None = None) -> Iterator[LoggedLine]:
        pages = self._client.get_paginator("filter_log_events")
        pattern = f'"{term}"' if term else ""  # the empty one takes every line
        with asking(f"for the log of {model}"):
            try:
                for page in pages.paginate(
                    logGroupName=names.log_group(model),
                    startTime=int(since * 1000),
                    filterPattern=pattern,
                ):
                    for event in page["events"]:
                        yield LoggedLine(
                            event["eventId"],
                            event["timestamp"] / 1000,
                            event["logStreamName"],
                            event["message"].rstrip("\n"),
                        )
            except self._client.exceptions.ResourceNotFoundException as error:
                raise NotFound(
                    "LD520",
                    f"{model} has no log: it was never deployed here",
                    "ladle status lists the models that are",
                ) from error
