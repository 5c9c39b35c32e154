"""The endpoint of one release: it starts, answers, and goes again, while others do the same beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ladle import names
from ladle.aws.sagemaker_endpoint import DELETING, Condition, Config, Endpoints, found_or_none
from ladle.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

    from ladle.aws.backlog import Backlogs

# It answers also while AWS changes what it runs on, or how many machines it has.
SERVES: Final = frozenset({"InService", "RollingBack", "SystemUpdating", "Updating"})


class ReleaseEndpoints:
    """Named by model and release; what an endpoint is made of stands in its config."""

    def __init__(self, client: SageMakerClient, backlogs: Backlogs | None = None) -> None:
        """``backlogs`` of endpoints that answer later; all others answer while they are asked."""
        self._client = client
        self._backlogs = backlogs
        self._endpoints = Endpoints(client)

    def condition(self, model: str, release: int) -> Condition | None:
        return self._endpoints.condition(names.release_endpoint(model, release))

    def can_be_made(self, model: str, release: int) -> bool:
        return self._endpoints.config(names.endpoint_config(model, release)) is not None

    def start(self, model: str, release: int) -> None:
        """Returns before it answers. Idempotent. It has the tags of its config."""
        if self.condition(model, release) is not None:
            return
        config = names.endpoint_config(model, release)
        own = self._endpoints.config(config)
        if own is None:
            raise NotFound("LD505", f"{model} has no release {release}", "ladle history shows why")
        told = self._tags(own)
        tags: Any = [{"Key": key, "Value": value} for key, value in told.items()]
        name = names.release_endpoint(model, release)
        found_or_none(
            f"to start release {release} of {model}",
            lambda: self._client.create_endpoint(
                EndpointName=name, EndpointConfigName=config, Tags=tags
            ),
        )

    def follow(self, model: str, release: int) -> None:
        """From now on it has as many machines as its requests need."""
        own = self._endpoints.config(names.endpoint_config(model, release))
        if self._backlogs is not None and own is not None:
            self._backlogs.follow(model, release, self._tags(own))

    def is_idle(self, model: str, release: int, left_at: float) -> bool:
        """Whether nobody waits for an answer of it, who had no traffic since ``left_at``."""
        return self._backlogs is None or self._backlogs.is_empty(model, release, left_at)

    def _tags(self, config: Config) -> Mapping[str, str]:
        return self._endpoints.tags(config["EndpointConfigArn"])

    def drop(self, model: str, release: int) -> None:
        """Idempotent; returns before it is gone."""
        condition = self.condition(model, release)
        if condition is None or condition.status == DELETING:
            return
        if self._backlogs is not None:
            self._backlogs.leave(model, release)
        name = names.release_endpoint(model, release)
        found_or_none(
            f"to take release {release} of {model} down",
            lambda: self._client.delete_endpoint(EndpointName=name),
        )
