# ruff: noqa: N803 - arguments as boto3 calls them
"""The stage of a model's REST API answers by one deployment of it; for each home of the model there is one,
and leading the door there is to make it the stage's.

A deployment is what the API was when it was made, so all routes change at once. API Gateway knows
no conditional write: what was read is hashed, and read again right before the write. CloudFormation
leaves the stage as it is while a model has two homes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from ladle import digest, names
from ladle.aws.faults import asking, code_of
from ladle.aws.model_apis import ModelApis, later_if_busy
from ladle.errors import Conflict, NotFound
from ladle.ports import LedTo

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

_ALL: Final = 500  # what is listed at once; a stack keeps two or three
_HOME: Final = names.home_integration(0).removesuffix("0")
_LED: Final = "/deploymentId"
_NOT_THERE: Final = "/rehearsal"


class RestApiClient(Protocol):
    """What is used of boto3's client of REST APIs."""

    def get_stage(self, *, restApiId: str, stageName: str) -> Mapping[str, Any]: ...

    def get_deployments(self, *, restApiId: str, limit: int) -> Mapping[str, Any]: ...

    def update_stage(
        self, *, restApiId: str, stageName: str, patchOperations: Sequence[Mapping[str, str]]
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Door:
    """``live`` is None where not all requests go to one deployment; ``homes`` are the deployments that it
    could lead to, by the base of the home.
    """

    api: str
    live: str | None
    homes: Mapping[int, str]

    @property
    def led(self) -> LedTo:
        led = next((base for base, id_ in self.homes.items() if id_ == self.live), None)
        homes = {str(base): id_ for base, id_ in self.homes.items()}
        return LedTo(led, frozenset(self.homes), str(digest.of_json([self.live, homes])))


class RestDoor:
    """The FrontDoor of models behind a REST API; ``session_of`` gives what a model's role may use."""

    def __init__(
        self, session_of: Callable[[str], AwsSession], apis: ModelApis | None = None
    ) -> None:
        self._session_of = session_of
        self._apis = apis or ModelApis(session_of)

    def read(self, model: str) -> LedTo | None:
        found = self._find(model)
        return found.led if found is not None else None

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        """A revision that none can have is a rehearsal: AWS looks at permissions first, and then finds that
        a stage has no such part.
        """
        found = self._find(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no door to lead", "deploy it: ladle deploy")
        if found.led.revision != expected_revision:
            if not expected_revision.startswith(digest.PREFIX):
                self._patch(model, found.api, _NOT_THERE, "yes")
            what = f"the door of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        if base not in found.homes:
            what = f"the door of {model} cannot lead to its home with base {base}"
            raise NotFound("LD505", what, "ladle deploy makes what it needs")
        self._patch(model, found.api, _LED, found.homes[base])

    def _find(self, model: str) -> _Door | None:
        api = self._apis.find(model)
        if api is None:
            return None
        client = self._client(model)
        with asking(f"for the door of {model}"):
            try:
                stage = client.get_stage(restApiId=api.id, stageName=names.ALIAS)
                found = client.get_deployments(restApiId=api.id, limit=_ALL)["items"]
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise later_if_busy(error) from error
                self._apis.forget(model)
                return None
        return _Door(api.id, _live(stage), _homes(found))

    def _patch(self, model: str, api: str, path: str, value: str) -> None:
        patch = {"op": "replace", "path": path, "value": value}
        with asking(f"to lead the door of {model} to another home"):
            try:
                self._client(model).update_stage(
                    restApiId=api, stageName=names.ALIAS, patchOperations=[patch]
                )
            except ClientError as error:
                if code_of(error) == "BadRequestException" and path == _NOT_THERE:
                    return
                raise later_if_busy(error) from error

    def _client(self, model: str) -> RestApiClient:
        client: RestApiClient = self._session_of(model).apis
        return client


def _live(stage: Mapping[str, Any]) -> str | None:
    """Of a stage that somebody gave a canary no single deployment is the live one."""
    canary = stage.get("canarySettings") or {}
    elsewhere = canary.get("deploymentId", stage["deploymentId"]) != stage["deploymentId"]
    return None if canary.get("percentTraffic") and elsewhere else str(stage["deploymentId"])


def _homes(found: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    """Deployments by whose home they lead to, as their descriptions say."""
    told = ((d.get("description", "").partition(_HOME), d["id"]) for d in found)
    return {
        int(base): id_
        for (before, home, base), id_ in told
        if home and not before and base.isdigit()
    }
