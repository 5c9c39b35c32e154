"""The live integration of a model's HTTP API sends its requests to one of its homes; for each home there
is a sample that no route uses, and leading the door there is to make the live one read like it.

CloudFormation leaves the live integration as it is while a model has two homes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ladle import digest, names
from ladle.aws.api_clients import HttpApiClient
from ladle.aws.led_api import NOT_THERE, LedApi, by_base
from ladle.ports import LedTo

_WHERE: Final = (
    "IntegrationType",
    "IntegrationUri",
    "IntegrationMethod",
    "PayloadFormatVersion",
    "TimeoutInMillis",
)
_SAME: Final = ("IntegrationType", "IntegrationUri", "ConnectionType")
_VPC_LINK, _INTERNET = "VPC_LINK", "INTERNET"


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


class ApiDoor(LedApi[_Door]):
    """The FrontDoor of models behind an HTTP API."""

    refuses = "NotFoundException"

    def leads_to(self, model: str) -> str | None:
        """What is asked for a prediction, as its URI says; None where no integration is the live one."""
        found = self._find(model)
        return str(found.live["IntegrationUri"]) if found is not None else None

    def _look(self, model: str, api: str) -> _Door | None:
        found = self._client(model).get_integrations(ApiId=api, MaxResults="100")["Items"]
        live = next((i for i in found if i.get("Description") == names.LIVE_INTEGRATION), None)
        samples = by_base((i.get("Description", ""), i) for i in found)
        return None if live is None else _Door(api, live, samples)

    def _patch(self, model: str, door: _Door, base: int | None) -> None:
        """What is not named stays; a connection that is not of a VPC link is to the internet."""
        integration, like = door.live["IntegrationId"], door.live
        if base is None:
            integration = NOT_THERE
        else:
            like = door.samples[base]
        self._client(model).update_integration(
            ApiId=door.api, IntegrationId=integration, **_where(like)
        )

    def _client(self, model: str) -> HttpApiClient:
        return self._session_of(model).http_apis


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
