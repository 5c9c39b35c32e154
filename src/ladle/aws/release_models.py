"""A release on SageMaker is a model named by its digest, with an endpoint config named by its number.

Both are free and unchangeable, so nothing of this starts a machine. No name has to be looked up in a
list: the digest leads to the number, and the number to the digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.sagemaker_endpoint import Config, Endpoints, found_or_none
from ladle.errors import LadleError
from ladle.ports import ReleaseLedger

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

RELEASE_VARIABLE = "LADLE_RELEASE"
DIGEST_VARIABLE = "LADLE_RELEASE_DIGEST"


class ReleaseModels:
    """What ``ReleaseVersions`` asks of releases, whatever endpoint they are in: where machines come
    in, an adapter of a target adds the rest. Names are numbered through all homes of a model;
    ``alone`` says of which home these are: of one where each release has an endpoint of its own, or
    of one where all share one. ``ledger`` knows every number that was heard of.
    """

    def __init__(self, client: SageMakerClient, ledger: ReleaseLedger, *, alone: bool) -> None:
        self._client = client
        self._ledger = ledger
        self._alone = alone
        self._endpoints = Endpoints(client)

    def find(self, model: str, release_hex: str) -> int | None:
        environment = self._environment(names.endpoint_model(model, release_hex))
        number = int(environment.get(RELEASE_VARIABLE, 0))
        whole = environment.get(DIGEST_VARIABLE) == release_hex
        return number if number and whole and self._exists(model, number) else None  # after a crash

    def _exists(self, model: str, release: int) -> bool:
        return self._endpoints.config(names.endpoint_config(model, release)) is not None

    def digest_of(self, model: str, release: int) -> str | None:
        config = self._endpoints.config(names.endpoint_config(model, release))
        return self._digest(config) if config is not None else None

    def digests(self, model: str) -> frozenset[str]:
        found = (self._own_config(model, release) for release in self._given(model))
        digests = (self._digest(config) for config in found if config is not None)
        return frozenset(digest for digest in digests if digest)

    def _own_config(self, model: str, release: int) -> Config | None:
        """None for a release of the model's other home."""
        config = self._endpoints.config(names.endpoint_config(model, release))
        return config if config is not None and is_alone(config) is self._alone else None

    def _digest(self, config: Config) -> str | None:
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
        while self._exists(model, number):
            number += 1  # handed over, and not yet known to the ledger
        environment[RELEASE_VARIABLE] = str(number)
        name = names.endpoint_model(model, release_hex)
        self._delete_model(name)
        named: Any = {**variant, "VariantName": names.variant(number), "ModelName": name}
        tags = tags_of(serving)
        with asking(f"to make release {number} of {model}"):
            self._client.create_model(ModelName=name, Tags=tags, **wanted)
            self._client.create_endpoint_config(
                EndpointConfigName=names.endpoint_config(model, number),
                ProductionVariants=[named],
                Tags=tags,
                **json.loads(serving["Config"]),
            )
        return number

    def _expect(self, model: str, release: int) -> None:
        """Raises LadleError LD222 for one that is not there."""
        if not self._exists(model, release):
            raise LadleError(
                "LD222",
                f"release {release} of {model} has no endpoint config that can be started",
                "somebody deleted it: deploy again",
            )

    def _given(self, model: str) -> Sequence[int]:
        """All numbers that releases of the model may have, in any home, the newest first: who goes on
        after a crash finds those again that nobody heard of.
        """
        last = max(self._ledger.load(model).statuses, default=0) + 1
        while self._exists(model, last):
            last += 1
        return range(last, 0, -1)

    def _forget(self, model: str, release: int) -> None:
        """The config goes last: while it is there the rest can be found again. Idempotent; a release of
        the model's other home stays.
        """
        config = self._own_config(model, release)
        if config is None:
            return
        [variant] = config["ProductionVariants"]
        self._delete_model(variant["ModelName"])
        self._endpoints.delete_config(names.joining_config(model, release))
        self._endpoints.delete_config(names.endpoint_config(model, release))

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


def is_alone(config: Config) -> bool:
    """Whether it is of an endpoint that can have no second variant."""
    [variant] = config["ProductionVariants"]
    return "ServerlessConfig" in variant or "AsyncInferenceConfig" in config


def tags_of(serving: Mapping[str, Any]) -> Any:
    """As SageMaker takes them."""
    return [{"Key": key, "Value": value} for key, value in json.loads(serving["Tags"]).items()]
