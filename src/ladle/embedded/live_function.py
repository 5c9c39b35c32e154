"""Which of a model's functions its HTTP API asks: the live integration says so, here as on AWS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.api_door import ApiDoor
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.releases.homes import Homes

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession


class LiveFunctions:
    def __init__(self, session: AwsSession) -> None:
        self._doors = ApiDoor(lambda _model: session)
        self._ledger = AwsReleaseLedger(session.dynamodb)

    def base(self, model: str) -> int:
        """Of the home that requests are led to; where no integration says so, of the newest release's."""
        led = base_in(model, self._doors.leads_to(model) or "")
        return Homes.told_by(self._ledger.load(model)).newest.base if led is None else led


def base_in(model: str, arn: str) -> int | None:
    """The base in the ARN of one of the model's functions, or of an alias; None for all else."""
    found = re.search(rf":function:{re.escape(names.function(model))}(?:_(\d+))?(?:$|[:/])", arn)
    return int(found[1] or 0) if found else None
