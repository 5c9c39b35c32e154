"""Which of a model's functions its API asks: what leads the door on AWS says so here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.api_door import ApiDoor
from ladle.aws.model_apis import ModelApis
from ladle.aws.release_ledger import AwsReleaseLedger
from ladle.aws.rest_door import RestDoor
from ladle.releases.homes import Homes

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession


class LiveFunctions:
    def __init__(self, session: AwsSession) -> None:
        self._apis = ModelApis(lambda _model: session)
        self._http = ApiDoor(lambda _model: session, self._apis)
        self._rest = RestDoor(lambda _model: session, self._apis)
        self._ledger = AwsReleaseLedger(session.dynamodb)

    def base(self, model: str) -> int:
        """Of the home that requests are led to; where no API says so, of the newest release's."""
        led = self._led(model)
        return Homes.told_by(self._ledger.load(model)).newest.base if led is None else led

    def _led(self, model: str) -> int | None:
        found = self._apis.find(model)
        if found is None or not found.is_rest:
            return base_in(model, self._http.leads_to(model) or "")
        door = self._rest.read(model)
        return door.base if door is not None else None


def base_in(model: str, arn: str) -> int | None:
    """The base in the ARN of one of the model's functions, or of an alias; None for all else."""
    found = re.search(rf":function:{re.escape(names.function(model))}(?:_(\d+))?(?:$|[:/])", arn)
    return int(found[1] or 0) if found else None
