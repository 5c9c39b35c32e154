"""A version is known by the release digest in its own environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from ladle import names
from ladle.aws.function_home import FunctionHome
from ladle.aws.lambda_function_warmth import Warmth
from ladle.errors import LadleError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_WAIT: Any = {"Delay": 1, "MaxAttempts": 240}


class FunctionVersions:
    """The ReleaseVersions of a home on ``lambda``: Lambda numbers them itself."""

    def __init__(self, client: LambdaClient, base: int = 0) -> None:
        self._client = client
        self._home = FunctionHome(base)
        self._warmth = Warmth(client, base)

    def find(self, model: str, release_hex: str) -> int | None:
        found = [n for n, digest in self._retained(model) if digest == release_hex]
        return max(found, default=None)

    def digest_of(self, model: str, release: int) -> str | None:
        return dict(self._retained(model)).get(release)

    def digests(self, model: str) -> frozenset[str]:
        return frozenset(digest for _, digest in self._retained(model) if digest)

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        name, code_sha256 = self._home.function(model), serving.get("CodeSha256")
        self._wait("function_updated", name, None)
        deployed = self._client.get_function_configuration(FunctionName=name)
        # Compared here as well: the embedded AWS publishes whatever the two guards say.
        if _digest(deployed) != release_hex or code_sha256 not in (None, deployed["CodeSha256"]):
            raise LadleError(
                "LD221",
                f"{name} holds another release than the one that this deploy hands over",
                "another deploy of the model ran at the same time: run this one again",
            )
        published = self._client.publish_version(
            FunctionName=name,
            CodeSha256=deployed["CodeSha256"],
            RevisionId=deployed["RevisionId"],
        )
        return self._home.release(published["Version"])

    def wait_until_active(self, model: str, release: int) -> None:
        version = self._home.version(release)
        self._wait("published_version_active", self._home.function(model), version)

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        releases = {release} | self.with_traffic(model)
        self._warmth.keep(model, releases, int(serving.get("Warm", 0)))

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        name, version = self._home.function(model), self._home.version(release)
        try:
            alias = self._client.create_alias(
                FunctionName=name, Name=names.ALIAS, FunctionVersion=version
            )["AliasArn"]
        except self._client.exceptions.ResourceConflictException:
            alias = self._client.get_alias(FunctionName=name, Name=names.ALIAS)["AliasArn"]
        return {"AliasArn": alias}

    def with_traffic(self, model: str) -> frozenset[int]:
        name = self._home.function(model)
        try:
            alias = self._client.get_alias(FunctionName=name, Name=names.ALIAS)
        except self._client.exceptions.ResourceNotFoundException:
            return frozenset()
        weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return frozenset(self._home.release(v) for v in (alias["FunctionVersion"], *weights))

    def delete(self, model: str, release: int) -> None:
        name, version = self._home.function(model), self._home.version(release)
        try:
            self._client.delete_function(FunctionName=name, Qualifier=version)
        except self._client.exceptions.ResourceNotFoundException:
            return

    def delete_all(self, model: str) -> None:
        """They go with the function, which is in the stack."""

    def _retained(self, model: str) -> Iterator[tuple[int, str | None]]:
        """None of a function that is gone: a home may be left before all its releases are retired."""
        pages = self._client.get_paginator("list_versions_by_function")
        try:
            for page in pages.paginate(FunctionName=self._home.function(model)):
                for version in page["Versions"]:
                    if version["Version"] != "$LATEST":
                        yield self._home.release(version["Version"]), _digest(version)
        except self._client.exceptions.ResourceNotFoundException:
            return

    def _wait(self, waiter: Any, name: str, qualifier: str | None) -> None:
        which = {"Qualifier": qualifier} if qualifier else {}
        try:
            self._client.get_waiter(waiter).wait(FunctionName=name, WaiterConfig=_WAIT, **which)
        except (WaiterError, ClientError) as error:
            raise LadleError(
                "LD222",
                f"{name} did not become active: {error}",
                "the function's last update says why (aws lambda get-function-configuration "
                f"--function-name {name}); mend it and deploy again",
            ) from error


def _digest(configuration: Any) -> str | None:
    variables = configuration.get("Environment", {}).get("Variables", {})
    digest: str | None = variables.get("LADLE_RELEASE_DIGEST")
    return digest
