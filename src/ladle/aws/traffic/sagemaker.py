"""The variants of a model's endpoint: a release joins without weight, then weights move, then what has none leaves.

SageMaker knows no conditional write: what was read is hashed, and read again right before each write.
Two writers within those milliseconds are kept apart by the controller's lease; a person's write at
the console in between is seen at the next read, as one that is not ours. While the endpoint changes,
SageMaker takes no write at all, so a rollback that is decided then waits until it is in service.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ladle import names
from ladle.aws.faults import asking
from ladle.aws.release_endpoints import SERVES
from ladle.aws.retiring import retire
from ladle.aws.sagemaker_endpoint import (
    DELETING,
    HAIR,
    IN_SERVICE,
    STUCK,
    Endpoint,
    Endpoints,
    found_or_none,
    later,
)
from ladle.aws.traffic.always_on import AlwaysOn
from ladle.aws.variant_scaling import scale, stop_scaling
from ladle.catalog import Target
from ladle.digest import of_json
from ladle.errors import Conflict, NotFound
from ladle.policy.traffic import ObservedTraffic, Traffic

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

    from ladle.aws.session import AwsSession

JOINED = "ladle:joined"


class EndpointRouter(AlwaysOn):
    """The TrafficRouter of endpoints that always run."""

    def __init__(self, session_of: Callable[[str], AwsSession]) -> None:
        self._session_of = session_of

    def read(self, model: str) -> ObservedTraffic | None:
        found = self._endpoints(model).find(model)
        if found is None or found.status == DELETING:
            return None
        if found.status in STUCK:
            raise NotFound(
                "LD506",
                f"the endpoint of {model} is {found.status}: {found.why or 'SageMaker says no more'}",
                "look at its log; a deploy replaces an endpoint that failed",
            )
        if found.traffic is None:
            return None
        return ObservedTraffic(found.traffic, _revision(found), found.status == IN_SERVICE)

    def write(self, model: str, traffic: Traffic, expected_revision: str) -> None:
        """Returns while machines start: read again, and write again until it reads so."""
        endpoints = self._endpoints(model)
        found = endpoints.find(model)
        if found is None:
            raise NotFound("LD505", f"{model} has no endpoint", "deploy it: ladle deploy")
        if _revision(found) != expected_revision:
            self._ask_for_permission(model)
            raise Conflict("LD503", f"the endpoint of {model} changed since it was read", "again")
        if found.status != IN_SERVICE:
            raise later(f"the endpoint of {model} is {found.status}")
        missing = [release for release in traffic.weights if release not in found.variants]
        if missing:
            self._join(model, endpoints, found, missing[0])
        else:
            self._weigh(model, found, traffic)

    def can_start(self, model: str, release: int) -> bool:
        """SageMaker asks each instance of a variant for its health; one that is still to join is
        taken at its word, unless it failed when it last tried.
        """
        endpoints = self._endpoints(model)
        found = endpoints.find(model)
        if found is None or endpoints.config(names.endpoint_config(model, release)) is None:
            return False
        return release in found.variants or not self._failed(model, endpoints, found, release)

    def is_ready(self, model: str, release: int) -> bool:
        """Also while AWS changes what it runs on: what has weight answers."""
        found = self._endpoints(model).find(model)
        if found is None or release not in found.variants:
            raise NotFound("LD505", f"{model} has no release {release}", "ladle history shows why")
        return found.status in SERVES and found.variants[release].weight > 0

    def settle(self, model: str, traffic: Traffic) -> None:
        """What has traffic scales; what has none leaves, and costs nothing from then on."""
        endpoints = self._endpoints(model)
        found = endpoints.find(model)
        if found is None:
            return
        self._mark_joined(model, endpoints, found)
        scaling = self._session_of(model).scaling
        tags = endpoints.tags(found.arn)
        for release in found.variants:
            if release in traffic.weights:
                scale(scaling, model, release, tags)
            else:
                stop_scaling(scaling, model, release)
        own = names.endpoint_config(model, traffic.main)
        if found.status == IN_SERVICE and traffic.canary is None and found.config != own:
            self._update(model, own)

    def delete(self, model: str, release: int) -> None:
        retire(self._session_of(model).lambda_, Target.SAGEMAKER, model, release)

    def _join(self, model: str, endpoints: Endpoints, found: Endpoint, release: int) -> None:
        """All variants that have traffic stay as they are; the new one starts without weight."""
        own = endpoints.config(names.endpoint_config(model, release))
        if own is None:
            raise NotFound("LD505", f"{model} has no release {release}", "ladle history shows why")
        if self._failed(model, endpoints, found, release):
            what = f"release {release} of {model} did not start: {found.why or 'see its log'}"
            raise NotFound("LD505", what, "mend it and deploy again")
        name = names.joining_config(model, release)
        endpoints.delete_config(name)
        [joining] = own["ProductionVariants"]
        stays = self._staying(model, endpoints, found)
        variants: list[Any] = [*stays, {**joining, "InitialVariantWeight": 0.0}]
        kept: Any = {k: own[k] for k in ("KmsKeyId", "DataCaptureConfig") if k in own}
        with asking(f"to let release {release} of {model} join"):
            self._sagemaker(model).create_endpoint_config(
                EndpointConfigName=name, ProductionVariants=variants, **kept
            )
        self._update(model, name)

    def _staying(self, model: str, endpoints: Endpoints, found: Endpoint) -> list[Any]:
        """The variants that have traffic, as their own configs have them."""
        stays = []
        for release, variant in found.variants.items():
            if variant.weight == 0:
                stop_scaling(self._session_of(model).scaling, model, release)
            elif config := endpoints.config(names.endpoint_config(model, release)):
                stays += config["ProductionVariants"]
        return stays

    def _failed(self, model: str, endpoints: Endpoints, found: Endpoint, release: int) -> bool:
        """Its joining config was tried, and SageMaker went back to the one before."""
        name = names.joining_config(model, release)
        joining = endpoints.config(name)
        if joining is None or found.config == name or found.status != IN_SERVICE:
            return False
        tried = joining["CreationTime"].timestamp() < found.changed_at
        return tried and JOINED not in endpoints.tags(joining["EndpointConfigArn"])

    def _mark_joined(self, model: str, endpoints: Endpoints, found: Endpoint) -> None:
        if found.config not in {names.joining_config(model, n) for n in found.variants}:
            return
        config = endpoints.config(found.config)
        if config is not None:
            with asking(f"to mark what joined {model}"):
                self._sagemaker(model).add_tags(
                    ResourceArn=config["EndpointConfigArn"], Tags=[{"Key": JOINED, "Value": "yes"}]
                )

    def _weigh(self, model: str, found: Endpoint, traffic: Traffic) -> None:
        weights = {**dict.fromkeys(found.variants, 0.0), **traffic.weights}
        if traffic.canary is not None:
            weights[traffic.main] += HAIR
            weights[traffic.canary] -= HAIR
        client = self._sagemaker(model)
        answer = found_or_none(
            f"to move the traffic of {model}",
            lambda: client.update_endpoint_weights_and_capacities(
                EndpointName=names.endpoint(model),
                DesiredWeightsAndCapacities=[
                    {"VariantName": names.variant(n), "DesiredWeight": w}
                    for n, w in weights.items()
                ],
            ),
        )
        if answer is None:
            raise NotFound("LD505", f"SageMaker refuses {traffic}", "ladle history shows why")

    def _ask_for_permission(self, model: str) -> None:
        """Weights of a variant that there is not: AWS looks at permissions first, and changes nothing."""
        client = self._sagemaker(model)
        found_or_none(
            f"whether the traffic of {model} may be moved",
            lambda: client.update_endpoint_weights_and_capacities(
                EndpointName=names.endpoint(model),
                DesiredWeightsAndCapacities=[{"VariantName": "rehearsal", "DesiredWeight": 1.0}],
            ),
        )

    def _update(self, model: str, config: str) -> None:
        client = self._sagemaker(model)
        found_or_none(
            f"to change the endpoint of {model}",
            lambda: client.update_endpoint(
                EndpointName=names.endpoint(model),
                EndpointConfigName=config,
                RetainAllVariantProperties=True,
            ),
        )

    def _endpoints(self, model: str) -> Endpoints:
        return Endpoints(self._sagemaker(model))

    def _sagemaker(self, model: str) -> SageMakerClient:
        return self._session_of(model).sagemaker


def _revision(found: Endpoint) -> str:
    weights = {str(n): [v.weight, v.wanted] for n, v in found.variants.items()}
    return of_json([found.config, found.status, weights]).hex
