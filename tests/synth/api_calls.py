"""What code asks of API Gateway, as IAM calls it: a method of HTTP on a path. Both stand in botocore's model of
the service.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

import botocore.session
from botocore import xform_name

from ladle.planning.grant import Grant

# The Protocols of ladle.aws.api_clients, which stand for boto3's clients of these services.
CLIENTS = {"RestApiClient": "apigateway", "HttpApiClient": "apigatewayv2"}
_PART = re.compile(r"\$?{\w+}")  # what a path of either has in place of a name


@dataclass(frozen=True)
class Asked:
    """``path`` as botocore has it, with a star for each of its parts that has a name of its own."""

    verb: str
    path: str

    def __str__(self) -> str:
        return f"apigateway:{self.verb} {self.path}"

    def covers(self, verb: str, path: str) -> bool:
        """Whether ``path`` of a grant names what of this is asked for, and nothing wider."""
        own, granted = self.path.split("/"), path.split("/")
        named = len(own) == len(granted) and verb == self.verb
        return named and all(a in ("*", b) for a, b in zip(own, granted, strict=True))


def called(source: str, methods: Collection[str]) -> Iterator[str]:
    """``methods`` are all that ``source`` calls, of whatever."""
    for client, service in CLIENTS.items():
        if re.search(rf"\b{client}\b", source):
            known = operations(service)
            yield from (str(known[method]) for method in methods if method in known)


def allowed(grant: Grant) -> Iterator[str]:
    """Its actions; those on an API with what they may be done to, in the words of ``called``."""
    for action in grant.actions:
        service, _, verb = action.partition(":")
        if service != "apigateway":
            yield action
            continue
        for thing in grant.things:
            path = _PART.sub("*", thing.arn.rpartition("::")[2])
            known = (asked for name in CLIENTS.values() for asked in operations(name).values())
            yield next((str(asked) for asked in known if asked.covers(verb, path)), path)


@cache
def operations(service: str) -> Mapping[str, Asked]:
    """By the method of boto3."""
    model = botocore.session.Session().get_service_model(service)
    told = {name: model.operation_model(name).http for name in model.operation_names}
    return {
        xform_name(name): Asked(
            http["method"], _PART.sub("*", http["requestUri"].removeprefix("/v2"))
        )
        for name, http in told.items()
    }
