# ruff: noqa: N803 - arguments as boto3 calls them
"""The live integration of a model's HTTP API sends its requests to one of its homes; for each home there
is a sample that no route uses, and leading the door there is to make the live one read like it.

API Gateway knows no conditional write: what was read is hashed, and read again right before the
write. CloudFormation leaves the live integration as it is while a model has two homes.
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

_WHERE: Final = (
    "IntegrationType",
    "IntegrationUri",
    "IntegrationMethod",
    "PayloadFormatVersion",
    "TimeoutInMillis",
)
_SAME: Final = ("IntegrationType", "IntegrationUri", "ConnectionType")
_VPC_LINK, _INTERNET = "VPC_LINK", "INTERNET"
_NOT_THERE: Final = "rehearsal"
_HOME: Final = names.home_integration(0).removesuffix("0")


class HttpApiClient(Protocol):
    """What is used of boto3's client of HTTP APIs."""

    def get_integrations(self, *, ApiId: str, MaxResults: str) -> Mapping[str, Any]: ...

    def update_integration(
        self, *, ApiId: str, IntegrationId: str, **patch: Any
    ) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class _Door:
    """``samples`` are where it could lead to, by the base of the home."""

    api: str
    live: Mapping[str, Any]
    samples: Mapping[int, Mapping[str, Any]]

    @property
    def led(self) -> LedTo:
        same = (base for base, sample in self.samples.items() if _same(sample, self.live))
        shapes = {str(base): _where(sample) for base, sample in self.samples.items()}
        revision = str(digest.of_json([_where(self.live), shapes]))
        return LedTo(next(same, None), frozenset(self.samples), revision)


class ApiDoor:
    """The FrontDoor of models behind an HTTP API; ``session_of`` gives what a model's role may use."""

    def __init__(
        self, session_of: Callable[[str], AwsSession], apis: ModelApis | None = None
    ) -> None:
        self._session_of = session_of
        self._apis = apis or ModelApis(session_of)

    def read(self, model: str) -> LedTo | None:
        found = self._find(model)
        return found.led if found is not None else None

    def leads_to(self, model: str) -> str | None:
        """What is asked for a prediction, as its URI says; None where no integration is the live one."""
        found = self._find(model)
        return str(found.live["IntegrationUri"]) if found is not None else None

    def lead(self, model: str, base: int, expected_revision: str) -> None:
        """A revision that none can have is a rehearsal: AWS looks at permissions first, and then finds that
        there is no such integration.
        """
        found = self._find(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no door to lead", "deploy it: ladle deploy")
        if found.led.revision != expected_revision:
            if not expected_revision.startswith(digest.PREFIX):
                self._patch(model, found.api, _NOT_THERE, found.live)
            what = f"the door of {model} changed since it was read"
            raise Conflict("LD503", what, "read it again")
        if base not in found.samples:
            what = f"the door of {model} cannot lead to its home with base {base}"
            raise NotFound("LD505", what, "ladle deploy makes what it needs")
        self._patch(model, found.api, found.live["IntegrationId"], found.samples[base])

    def _find(self, model: str) -> _Door | None:
        api = self._apis.find(model)
        if api is None:
            return None
        with asking(f"for the door of {model}"):
            try:
                found = self._client(model).get_integrations(ApiId=api.id, MaxResults="100")[
                    "Items"
                ]
            except ClientError as error:
                if code_of(error) != "NotFoundException":
                    raise later_if_busy(error) from error
                self._apis.forget(model)
                return None
        live = next((i for i in found if i.get("Description") == names.LIVE_INTEGRATION), None)
        return None if live is None else _Door(api.id, live, _samples(found))

    def _patch(self, model: str, api: str, integration: str, like: Mapping[str, Any]) -> None:
        """What is not named stays; a connection that is not of a VPC link is to the internet."""
        with asking(f"to lead the door of {model} to another home"):
            try:
                self._client(model).update_integration(
                    ApiId=api, IntegrationId=integration, **_where(like)
                )
            except ClientError as error:
                if code_of(error) == "NotFoundException" and integration == _NOT_THERE:
                    return
                raise later_if_busy(error) from error

    def _client(self, model: str) -> HttpApiClient:
        client: HttpApiClient = self._session_of(model).http_apis
        return client


def _samples(found: Sequence[Mapping[str, Any]]) -> Mapping[int, Mapping[str, Any]]:
    bases = ((i.get("Description", "").partition(_HOME), i) for i in found)
    return {int(b): i for (before, home, b), i in bases if home and not before and b.isdigit()}


def _where(integration: Mapping[str, Any]) -> dict[str, Any]:
    """Where it sends a request, and how; in the words of a write."""
    told = {key: integration[key] for key in _WHERE if integration.get(key) is not None}
    if integration.get("ConnectionType") != _VPC_LINK:
        return {**told, "ConnectionType": _INTERNET}
    link = integration.get("ConnectionId")
    return {**told, "ConnectionType": _VPC_LINK, **({"ConnectionId": link} if link else {})}


def _same(sample: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    one, other = _where(sample), _where(live)
    return all(one.get(key) == other.get(key) for key in _SAME)
