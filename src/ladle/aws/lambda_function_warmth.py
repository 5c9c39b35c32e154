"""Instances of a function that are kept warm belong to its versions, none to the alias, which splits.

How many is nowhere in a template: the hand-off says it with each deploy, and whatever is warm says
it from then on, so that warmth follows the traffic.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle.aws.faults import code_of
from ladle.aws.function_home import FunctionHome
from ladle.errors import LadleError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_NONE = {"ProvisionedConcurrencyConfigNotFoundException", "ResourceNotFoundException"}
_REFUSED = {"InvalidParameterValueException", "ResourceConflictException"}


class Warmth:
    """How many instances of each published version of a home's function wait for requests."""

    def __init__(self, client: LambdaClient, base: int = 0) -> None:
        self._client = client
        self._home = FunctionHome(base)

    def keep(self, model: str, releases: Collection[int], instances: int) -> None:
        """So many of each of these releases, and none of any other. Idempotent."""
        self._set(model, self._kept(model), releases, instances)

    def follow(self, model: str, releases: Collection[int]) -> None:
        """As many as there are now of any release, of these and of no other. Idempotent."""
        kept = self._kept(model)
        self._set(model, kept, releases, max(kept.values(), default=0))

    def _set(
        self, model: str, kept: dict[int, int], releases: Collection[int], instances: int
    ) -> None:
        """Those that come before those that go: whoever dies in between pays, and serves warm."""
        wanted = dict.fromkeys(releases, instances) if instances else {}
        for release, _ in sorted(wanted.items() - kept.items()):
            self._put(model, release, instances)
        for release in sorted(kept.keys() - wanted.keys()):
            self._client.delete_provisioned_concurrency_config(
                FunctionName=self._home.function(model), Qualifier=self._home.version(release)
            )

    def _kept(self, model: str) -> dict[int, int]:
        """Release -> instances that were asked for, of those that have any."""
        name, found = self._home.function(model), {}
        for page in self._client.get_paginator("list_versions_by_function").paginate(
            FunctionName=name
        ):
            for version in page["Versions"]:
                if version["Version"] != "$LATEST" and (n := self._of(name, version["Version"])):
                    found[self._home.release(version["Version"])] = n
        return found

    def _of(self, name: str, version: str) -> int:
        try:
            found = self._client.get_provisioned_concurrency_config(
                FunctionName=name, Qualifier=version
            )
        except ClientError as error:
            if code_of(error) in _NONE:
                return 0
            raise
        return found["RequestedProvisionedConcurrentExecutions"]

    def _put(self, model: str, release: int, instances: int) -> None:
        try:
            self._client.put_provisioned_concurrency_config(
                FunctionName=self._home.function(model),
                Qualifier=self._home.version(release),
                ProvisionedConcurrentExecutions=instances,
            )
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            said = error.response.get("Error", {}).get("Message", code_of(error))
            raise LadleError(
                "LD236",
                f"{instances} instances of {model} cannot be kept warm: {said}",
                "lower compute.warm, raise compute.reserved, or ask AWS for more concurrency",
            ) from error
