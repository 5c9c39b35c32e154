"""A model's endpoint as SageMaker describes it: one variant per release, named after its number.

SageMaker says "Could not find" where others say NotFound, and takes no change while one is under way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.errors import Unavailable
from ladle.policy.traffic import Traffic

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

IN_SERVICE, FAILED, DELETING = "InService", "Failed", "Deleting"
STUCK = {FAILED, "OutOfService", "UpdateRollbackFailed"}
_BUSY = {"ResourceInUse", "ResourceLimitExceeded", "ThrottlingException"}
_MISSING = ("Could not find", "does not exist", "is/are not present within")
MIN_INSTANCES, MAX_INSTANCES = names.MIN_INSTANCES_TAG, names.MAX_INSTANCES_TAG
# How many requests a minute a machine takes while it is as busy as it should be: a tag as well.
PER_MINUTE = "ladle:invocations-per-minute"
# A tie would hide which of two is the main release: it gets a hair more.
HAIR = 2e-7
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """``weight`` is what it has now, ``wanted`` what the last change asked for."""

    weight: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``changed_at`` in UTC epoch seconds; ``variants`` by release number, in SageMaker's order."""

    arn: str
    status: str
    config: str
    changed_at: float
    variants: Mapping[int, Variant]
    why: str = ""

    @property
    def traffic(self) -> Traffic | None:
        """The greater weight is the main release's; None where nothing gets any."""
        settled = self.status == IN_SERVICE
        weights = {n: v.weight if settled else v.wanted for n, v in self.variants.items()}
        having = sorted((n for n, w in weights.items() if w > 0), key=lambda n: -weights[n])
        if not having:
            return None
        main, *others = having[:2]
        share = sum(weights[n] for n in others) / sum(weights[n] for n in having)
        return Traffic(main, others[0], share) if others else Traffic(main)


@dataclass(frozen=True, slots=True)
class Condition:
    """``why`` is empty where SageMaker says no more than the status."""

    status: str
    why: str = ""


class Endpoints:
    """Reads endpoints and their configs; what is missing is None."""

    def __init__(self, client: SageMakerClient) -> None:
        self._client = client

    def find(self, model: str) -> Endpoint | None:
        found = found_or_none(
            f"for the endpoint of {model}",
            lambda: self._client.describe_endpoint(EndpointName=names.endpoint(model)),
        )
        if found is None:
            return None
        variants = dict(_variants(found.get("ProductionVariants", [])))
        if not variants:  # an endpoint that is being made shows none yet
            config = self.config(found["EndpointConfigName"]) or {"ProductionVariants": []}
            variants = {
                release_of(v["VariantName"]): Variant(v["InitialVariantWeight"], 1.0)
                for v in config["ProductionVariants"]
            }
        return Endpoint(
            arn=found["EndpointArn"],
            status=found["EndpointStatus"],
            config=found["EndpointConfigName"],
            changed_at=found["LastModifiedTime"].timestamp(),
            variants=variants,
            why=found.get("FailureReason", ""),
        )

    def condition(self, name: str) -> Condition | None:
        """Of an endpoint that has one variant: whether it answers is all that is asked."""
        found = found_or_none(
            f"for the endpoint {name}", lambda: self._client.describe_endpoint(EndpointName=name)
        )
        if found is None:
            return None
        return Condition(found["EndpointStatus"], found.get("FailureReason", ""))

    def config(self, name: str) -> Config | None:
        found: Config | None = found_or_none(
            f"for the endpoint config {name}",
            lambda: self._client.describe_endpoint_config(EndpointConfigName=name),
        )
        return found

    def delete_config(self, name: str) -> None:
        found_or_none(
            f"to delete the endpoint config {name}",
            lambda: self._client.delete_endpoint_config(EndpointConfigName=name),
        )

    def tags(self, arn: str) -> Mapping[str, str]:
        with asking(f"for the tags of {arn}"):
            found = self._client.list_tags(ResourceArn=arn)["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}


def _variants(found: Any) -> Iterator[tuple[int, Variant]]:
    for variant in found:
        weight = variant.get("CurrentWeight", 0.0)
        wanted = variant.get("DesiredWeight", weight)
        yield release_of(variant["VariantName"]), Variant(weight, wanted)


def release_of(variant: str) -> int:
    """Somebody else's variant is release 0: none of ours."""
    number = variant.removeprefix(names.VARIANT)
    return int(number) if number.isdigit() else 0


def found_or_none(what: str, ask: Callable[[], Any]) -> Any:
    """None where SageMaker knows nothing of that name; what it may take later is Unavailable."""
    with asking(what):
        try:
            return ask()
        except ClientError as error:
            message = str(error.response.get("Error", {}).get("Message", ""))
            if any(words in message for words in _MISSING):
                return None
            if is_busy(error):
                raise later(message) from error
            raise


def is_busy(error: ClientError) -> bool:
    """SageMaker refuses a change during another one as invalid, and says so in words only."""
    message = str(error.response.get("Error", {}).get("Message", ""))
    return code_of(error) in _BUSY or "Cannot update in-progress endpoint" in message


def later(why: str) -> Unavailable:
    return Unavailable("LD504", f"SageMaker asks to try later: {why}", "the next wake-up does")
