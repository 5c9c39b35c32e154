"""The releases of one endpoint with many variants; the first of them opens it.

Nothing of this starts a machine but a first endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.release_models import ReleaseModels
from ladle.aws.sagemaker_endpoint import (
    DELETING,
    FAILED,
    IN_SERVICE,
    MAX_INSTANCES,
    MIN_INSTANCES,
    PER_MINUTE,
    Endpoint,
    found_or_none,
    later,
)
from ladle.aws.variant_scaling import stop_scaling
from ladle.errors import Conflict
from ladle.ports import Clock, ReleaseLedger

if TYPE_CHECKING:
    from ladle.aws.session import AwsSession

GONE_LOOKS, POLL_S = 40, 3.0  # the hand-off itself has five minutes
_SCALING = {
    "MinInstances": MIN_INSTANCES,
    "MaxInstances": MAX_INSTANCES,
    "PerMinute": PER_MINUTE,
}


class EndpointVersions(ReleaseModels):
    """The ReleaseVersions of the target ``sagemaker``."""

    def __init__(self, session: AwsSession, ledger: ReleaseLedger, clock: Clock) -> None:
        super().__init__(session.sagemaker, ledger, alone=False)
        self._scaling = session.scaling
        self._clock = clock

    def wait_until_active(self, model: str, release: int) -> None:
        """A release that did not start is tried again when a deploy asks for it again."""
        self._expect(model, release)
        found = self._endpoints.find(model)
        joining = names.joining_config(model, release)
        if found is not None and found.status == IN_SERVICE and found.config != joining:
            self._endpoints.delete_config(joining)

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        """Its machines run whether or not somebody asks."""

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """Returns while its machines start; an endpoint that failed at that makes way first."""
        found = self._endpoints.find(model)
        if found is not None and found.status in (FAILED, DELETING):
            self._delete_endpoint(model, found)
            found = None
        told = json.loads(serving["Tags"])
        told |= {tag: str(serving[key]) for key, tag in _SCALING.items() if key in serving}
        tags: Any = [{"Key": k, "Value": v} for k, v in told.items()]
        with asking(f"to open the endpoint of {model}"):
            if found is not None:
                self._client.add_tags(ResourceArn=found.arn, Tags=tags)
                return {}
            self._client.create_endpoint(
                EndpointName=names.endpoint(model),
                EndpointConfigName=names.endpoint_config(model, release),
                Tags=tags,
            )
        return {}

    def with_traffic(self, model: str) -> frozenset[int]:
        """Also those that are about to leave: a variant without its model cannot restart."""
        found = self._endpoints.find(model)
        return frozenset(found.variants) if found else frozenset()

    def delete(self, model: str, release: int) -> None:
        if not self._exists(model, release):
            return
        if release in self.with_traffic(model):
            raise Conflict("LD223", f"release {release} of {model} is in its endpoint", "wait")
        self._forget(model, release)

    def delete_all(self, model: str) -> None:
        if (found := self._endpoints.find(model)) is not None:
            self._delete_endpoint(model, found)
        for release in self._given(model):
            self._forget(model, release)

    def _delete_endpoint(self, model: str, found: Endpoint) -> None:
        """Returns when it is gone: until then its name is taken, and its configs are in use. What scales
        its variants would outlive them.
        """
        name = names.endpoint(model)
        if found.status != DELETING:
            for release in found.variants:
                stop_scaling(self._scaling, model, release)
            found_or_none(
                f"to delete the endpoint of {model}",
                lambda: self._client.delete_endpoint(EndpointName=name),
            )
        for _ in range(GONE_LOOKS):
            if self._endpoints.find(model) is None:
                return
            self._clock.sleep(POLL_S)
        raise later(f"the endpoint of {model} is still being deleted; do the same again")
