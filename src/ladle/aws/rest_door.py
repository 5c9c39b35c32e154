"""The stage of a model's REST API answers by one deployment of it; for each home of the model there is one,
and leading the door there is to make it the stage's.

A deployment is what the API was when it was made, so all routes change at once. Shares that a home
gives by the stage's canary end with the same write: a share that stayed would lead to the home that
is left. CloudFormation leaves the stage as it is while a model has two homes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ladle import digest, names
from ladle.aws.api_clients import Patch, RestApiClient
from ladle.aws.endpoint_stage import replaced, without_canary
from ladle.aws.led_api import NOT_THERE, LedApi, by_base
from ladle.ports import LedTo

_ALL: Final = 500  # what is listed at once; a stack keeps two or three


@dataclass(frozen=True, slots=True)
class _Door:
    """``stage`` as API Gateway describes it; ``homes`` are the deployments that it could lead to, by the
    base of the home.
    """

    api: str
    stage: Mapping[str, Any]
    homes: Mapping[int, str]

    @property
    def led(self) -> LedTo:
        live = _live(self.stage)
        led = next((base for base, id_ in self.homes.items() if id_ == live), None)
        homes = {str(base): id_ for base, id_ in self.homes.items()}
        return LedTo(led, frozenset(self.homes), str(digest.of_json([live, homes])))


class RestDoor(LedApi[_Door]):
    """The FrontDoor of models behind a REST API."""

    refuses = "BadRequestException"

    def _look(self, model: str, api: str) -> _Door:
        client = self._client(model)
        stage = client.get_stage(restApiId=api, stageName=names.ALIAS)
        found = client.get_deployments(restApiId=api, limit=_ALL)["items"]
        return _Door(api, stage, by_base((d.get("description", ""), d["id"]) for d in found))

    def _patch(self, model: str, door: _Door, base: int | None) -> None:
        patch: list[Patch] = [replaced(f"/{NOT_THERE}", "yes")]
        if base is not None:
            patch = [replaced("/deploymentId", door.homes[base]), *without_canary(door.stage)]
        self._client(model).update_stage(
            restApiId=door.api, stageName=names.ALIAS, patchOperations=patch
        )

    def _client(self, model: str) -> RestApiClient:
        return self._session_of(model).apis


def _live(stage: Mapping[str, Any]) -> str | None:
    """Of a stage that sends a share to another deployment no single one is the live one."""
    canary = stage.get("canarySettings") or {}
    elsewhere = canary.get("deploymentId", stage["deploymentId"]) != stage["deploymentId"]
    return None if canary.get("percentTraffic") and elsewhere else str(stage["deploymentId"])
