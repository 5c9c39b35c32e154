"""A model's door is led as the kind of API is led that its stack made."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ladle.aws.api_door import ApiDoor
from ladle.aws.model_apis import ModelApis
from ladle.aws.rest_door import RestDoor
from ladle.ports import FrontDoor, LedTo

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession


class LedDoor:
    """The FrontDoor of any model; which kind it has costs no question of its own."""

    def __init__(self, session_of: Callable[[str], AwsSession]) -> None:
        self._apis = ModelApis(session_of)
        self._http = ApiDoor(session_of, self._apis)
        self._rest = RestDoor(session_of, self._apis)

    def read(self, model: str) -> LedTo | None:
        door = self._door(model)
        return door.read(model) if door is not None else None

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        (self._door(model) or self._http).lead(model, base, expected_revision)

    def _door(self, model: str) -> FrontDoor | None:
        found = self._apis.find(model)
        if found is None:
            return None
        return self._rest if found.is_rest else self._http
