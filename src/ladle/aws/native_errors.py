"""Which metric of AWS's own tells that a release fails: one row per target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ladle import names
from ladle.aws.function_home import FunctionHome
from ladle.catalog import Target
from ladle.policy.lock import Home

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import DimensionTypeDef


@dataclass(frozen=True, slots=True)
class NativeErrors:
    """One sample for each request, 1 where it failed: the average is the share of failures."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]

    @property
    def named(self) -> list[DimensionTypeDef]:
        """The dimensions as CloudWatch wants them."""
        return [{"Name": name, "Value": value} for name, value in self.dimensions.items()]


def of_a_function(model: str, release: int, base: int) -> NativeErrors:
    home = FunctionHome(base)
    function = home.function(model)
    return NativeErrors(
        "AWS/Lambda",
        "Errors",
        {
            "FunctionName": function,
            "Resource": f"{function}:{names.ALIAS}",
            "ExecutedVersion": home.version(release),
        },
    )


def _of_a_variant(model: str, release: int, _base: int) -> NativeErrors:
    dimensions = {"EndpointName": names.endpoint(model), "VariantName": names.variant(release)}
    return NativeErrors("AWS/SageMaker", "Invocation5XXErrors", dimensions)


def _of_an_endpoint(model: str, release: int, _base: int) -> NativeErrors:
    name = names.release_endpoint(model, release)
    dimensions = {"EndpointName": name, "VariantName": names.variant(release)}
    return NativeErrors("AWS/SageMaker", "Invocation5XXErrors", dimensions)


def _of_a_slot(_model: str, _release: int, _base: int) -> None:
    """A load balancer counts by slot, and which release is in it changes: no metric is a release's."""


# Of a model's release in its home, by the home's base.
ErrorsOf = Callable[[str, int, int], NativeErrors | None]
NATIVE_ERRORS: dict[Target, ErrorsOf] = {
    Target.LAMBDA: of_a_function,
    Target.ECS: _of_a_slot,
    Target.SAGEMAKER: _of_a_variant,
    Target.SAGEMAKER_SERVERLESS: _of_an_endpoint,
    Target.SAGEMAKER_ASYNC: _of_an_endpoint,
}


def native_errors(home: Home, model: str, release: int) -> NativeErrors | None:
    return NATIVE_ERRORS[home.target](model, release, home.base)
