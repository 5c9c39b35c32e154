# ruff: noqa: N803 - arguments as boto3 calls them
"""What is used of boto3's clients of API Gateway, which have no stubs of their own here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Patch = Mapping[str, str]


class HttpApiClient(Protocol):
    def get_integrations(self, *, ApiId: str, MaxResults: str) -> Mapping[str, Any]: ...

    def update_integration(
        self, *, ApiId: str, IntegrationId: str, **patch: Any
    ) -> Mapping[str, Any]: ...


class RestApiClient(Protocol):
    def get_stage(self, *, restApiId: str, stageName: str) -> Mapping[str, Any]: ...

    def get_deployments(self, *, restApiId: str, limit: int) -> Mapping[str, Any]: ...

    def update_stage(
        self, *, restApiId: str, stageName: str, patchOperations: Sequence[Patch]
    ) -> Mapping[str, Any]: ...
