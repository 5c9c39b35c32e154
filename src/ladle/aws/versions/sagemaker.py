"""A release on SageMaker is a model named by its digest, with an endpoint config named by its number.

Both are free and unchangeable, so nothing of this starts a machine but a first endpoint. No name has
to be looked up in a list: the digest leads to the number, and the number to the digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.sagemaker_endpoint import (
    DELETING,
    FAILED,
    IN_SERVICE,
    MAX_INSTANCES,
    MIN_INSTANCES,
    PER_MINUTE,
    Endpoint,
    Endpoints,
    found_or_none,
    later,
)
from ladle.errors import Conflict, LadleError
from ladle.ports import Clock, ReleaseLedger

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

RELEASE_VARIABLE = "LADLE_RELEASE"
DIGEST_VARIABLE = "LADLE_RELEASE_DIGEST"
GONE_LOOKS, POLL_S = 40, 3.0  # the hand-off itself has five minutes
_SCALING = {
    "MinInstances": MIN_INSTANCES,
    "MaxInstances": MAX_INSTANCES,
    "PerMinute": PER_MINUTE,
}


class EndpointVersions:
    """The ReleaseVersions of the targets of SageMaker; ``ledger`` knows every number there was."""

    def __init__(self, client: SageMakerClient, ledger: ReleaseLedger, clock: Clock) -> None:
        self._client = client
        self._ledger = ledger
        self._clock = clock
        self._endpoints = Endpoints(client)

    def find(self, model: str, release_hex: str) -> int | None:
        environment = self._environment(names.endpoint_model(model, release_hex))
        number = int(environment.get(RELEASE_VARIABLE, 0))
        whole = environment.get(DIGEST_VARIABLE) == release_hex
        kept = self._endpoints.config(names.endpoint_config(model, number)) if number else None
        return number if kept and whole else None  # a crash left a model without its config

    def digest_of(self, model: str, release: int) -> str | None:
        config = self._endpoints.config(names.endpoint_config(model, release))
        if config is None:
            return None
        [variant] = config["ProductionVariants"]
        return self._environment(variant["ModelName"]).get(DIGEST_VARIABLE)

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        wanted, variant = json.loads(serving["Model"]), json.loads(serving["Variant"])
        environment = wanted["PrimaryContainer"]["Environment"]
        if environment.get(DIGEST_VARIABLE) != release_hex:
            raise LadleError(
                "LD221",
                f"{model}: the container that was handed over is of another release than its digest",
                "deploy again with one version of Ladle",
            )
        number = newest + 1
        while self._endpoints.config(names.endpoint_config(model, number)) is not None:
            number += 1  # handed over, and not yet known to the ledger
        environment[RELEASE_VARIABLE] = str(number)
        name = names.endpoint_model(model, release_hex)
        self._delete_model(name)
        named: Any = {**variant, "VariantName": names.variant(number), "ModelName": name}
        tags: Any = [{"Key": k, "Value": v} for k, v in json.loads(serving["Tags"]).items()]
        with asking(f"to make release {number} of {model}"):
            self._client.create_model(ModelName=name, Tags=tags, **wanted)
            self._client.create_endpoint_config(
                EndpointConfigName=names.endpoint_config(model, number),
                ProductionVariants=[named],
                Tags=tags,
                **json.loads(serving["Config"]),
            )
        return number

    def wait_until_active(self, model: str, release: int) -> None:
        """A release that did not start is tried again when a deploy asks for it again."""
        if self._endpoints.config(names.endpoint_config(model, release)) is None:
            raise LadleError(
                "LD222",
                f"release {release} of {model} has no endpoint config that can be started",
                "somebody deleted it: deploy again",
            )
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
        config = self._endpoints.config(names.endpoint_config(model, release))
        if config is None:
            return
        if release in self.with_traffic(model):
            raise Conflict("LD223", f"release {release} of {model} is in its endpoint", "wait")
        self._delete_release(model, release, config)

    def delete_all(self, model: str) -> None:
        if (found := self._endpoints.find(model)) is not None:
            self._delete_endpoint(model, found)
        known = self._ledger.load(model).statuses
        for release in (*known, max(known, default=0) + 1):
            config = self._endpoints.config(names.endpoint_config(model, release))
            if config is not None:
                self._delete_release(model, release, config)

    def _delete_release(self, model: str, release: int, config: Mapping[str, Any]) -> None:
        """The config goes last: while it is there the rest can be found again."""
        [variant] = config["ProductionVariants"]
        self._delete_model(variant["ModelName"])
        self._endpoints.delete_config(names.joining_config(model, release))
        self._endpoints.delete_config(names.endpoint_config(model, release))

    def _delete_endpoint(self, model: str, found: Endpoint) -> None:
        """Returns when it is gone: until then its name is taken, and its configs are in use."""
        name = names.endpoint(model)
        if found.status != DELETING:
            found_or_none(
                f"to delete the endpoint of {model}",
                lambda: self._client.delete_endpoint(EndpointName=name),
            )
        for _ in range(GONE_LOOKS):
            if self._endpoints.find(model) is None:
                return
            self._clock.sleep(POLL_S)
        raise later(f"the endpoint of {model} is still being deleted; do the same again")

    def _delete_model(self, name: str) -> None:
        found_or_none(
            f"to delete the model {name}", lambda: self._client.delete_model(ModelName=name)
        )

    def _environment(self, name: str) -> Mapping[str, str]:
        found = found_or_none(
            f"for the model {name}", lambda: self._client.describe_model(ModelName=name)
        )
        container = (found or {}).get("PrimaryContainer", {})
        return dict(container.get("Environment", {}))
