# ruff: noqa: N803 - arguments as boto3 calls them
"""Functions by Lambda's own rules, in memory: versions that it numbers itself, and one alias of each.

``deploy`` and ``take_down`` are CloudFormation's.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

Json = dict[str, Any]


class NotThere(ClientError):
    pass


class InTheWay(ClientError):
    pass


def refused(code: str, kind: type[ClientError] = ClientError) -> ClientError:
    return kind({"Error": {"Code": code, "Message": code}}, "Fake")


@dataclass
class Function:
    """``versions`` are release digests by number; ``newest`` is the last number that was given."""

    deployed: str
    versions: dict[str, str] = field(default_factory=dict)
    newest: int = 0
    alias: Json | None = None


@dataclass
class FakeLambda:
    """``handed`` is asked in place of the hand-off's function."""

    handed: Callable[[Mapping[str, Any]], None]
    functions: dict[str, Function] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)  # digests of what answers no probe
    writes: int = 0
    exceptions = SimpleNamespace(
        ResourceNotFoundException=NotThere, ResourceConflictException=InTheWay
    )

    def deploy(self, name: str, release_hex: str) -> None:
        self.functions.setdefault(name, Function(release_hex)).deployed = release_hex

    def take_down(self, name: str) -> None:
        del self.functions[name]

    def get_waiter(self, _name: str) -> Any:
        return SimpleNamespace(wait=lambda **_asked: None)

    def get_function_configuration(self, *, FunctionName: str) -> Json:
        deployed = self._the(FunctionName).deployed
        return {"CodeSha256": "code", "RevisionId": deployed, **_environment(deployed)}

    def publish_version(self, *, FunctionName: str, CodeSha256: str, RevisionId: str) -> Json:
        """The last one again where nothing changed since."""
        function = self._the(FunctionName)
        if RevisionId != function.deployed:
            raise refused("PreconditionFailedException")
        if function.versions.get(str(function.newest)) != function.deployed:
            function.newest += 1
            function.versions[str(function.newest)] = function.deployed
        return {"Version": str(function.newest)}

    def get_paginator(self, _name: str) -> Any:
        return SimpleNamespace(paginate=self._versions)

    def _versions(self, *, FunctionName: str) -> Iterator[Json]:
        found = self._the(FunctionName).versions.items()
        yield {"Versions": [{"Version": "$LATEST"}]}
        yield {"Versions": [{"Version": number, **_environment(hex_)} for number, hex_ in found]}

    def create_alias(self, *, FunctionName: str, Name: str, FunctionVersion: str) -> Json:
        function = self._the(FunctionName)
        if function.alias is not None:
            raise refused("ResourceConflictException", InTheWay)
        return self._write(function, FunctionVersion, {}, f"{FunctionName}:{Name}")

    def get_alias(self, *, FunctionName: str, Name: str) -> Json:
        function = self._the(FunctionName)
        if function.alias is None:
            raise refused("ResourceNotFoundException", NotThere)
        return function.alias

    def update_alias(
        self,
        *,
        FunctionName: str,
        Name: str,
        FunctionVersion: str,
        RoutingConfig: Json,
        RevisionId: str,
    ) -> None:
        alias = self.get_alias(FunctionName=FunctionName, Name=Name)
        if alias["RevisionId"] != RevisionId:
            raise refused("PreconditionFailedException")
        weights = RoutingConfig["AdditionalVersionWeights"]
        self._write(self._the(FunctionName), FunctionVersion, weights, alias["AliasArn"])

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Json:
        name, _, version = FunctionName.partition(":")
        if "retire" in (event := json.loads(Payload)):
            self.handed(event)
            return {"Payload": io.BytesIO()}
        digest = self._the(name).versions.get(version)
        if digest is None:
            raise refused("ResourceNotFoundException", NotThere)
        answer = json.dumps({"statusCode": 503 if digest in self.broken else 200})
        return {"Payload": io.BytesIO(answer.encode())}

    def get_provisioned_concurrency_config(self, *, FunctionName: str, Qualifier: str) -> Json:
        raise refused("ProvisionedConcurrencyConfigNotFoundException")

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:
        self._the(FunctionName).versions.pop(Qualifier)

    def _write(self, function: Function, main: str, weights: Json, arn: str) -> Json:
        if not {main, *weights} <= function.versions.keys():
            raise refused("ResourceNotFoundException", NotThere)
        self.writes += 1
        function.alias = {
            "AliasArn": arn,
            "FunctionVersion": main,
            "RoutingConfig": {"AdditionalVersionWeights": weights},
            "RevisionId": str(self.writes),
        }
        return function.alias

    def _the(self, name: str) -> Function:
        if name not in self.functions:
            raise refused("ResourceNotFoundException", NotThere)
        return self.functions[name]


def _environment(release_hex: str) -> Json:
    return {"Environment": {"Variables": {"LADLE_RELEASE_DIGEST": release_hex}}}
