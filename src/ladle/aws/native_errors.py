"""Which metric of AWS's own tells that a release fails: one row per target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ladle import names
from ladle.catalog import Target


@dataclass(frozen=True, slots=True)
class NativeErrors:
    """One sample for each request, 1 where it failed: the average is the share of failures."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]

    @property
    def named(self) -> list[dict[str, str]]:
        """The dimensions as CloudWatch wants them."""
        return [{"Name": name, "Value": value} for name, value in self.dimensions.items()]


def _of_a_function(model: str, release: int) -> NativeErrors:
    function = names.function(model)
    return NativeErrors(
        "AWS/Lambda",
        "Errors",
        {
            "FunctionName": function,
            "Resource": f"{function}:{names.ALIAS}",
            "ExecutedVersion": str(release),
        },
    )


def _of_a_variant(model: str, release: int) -> NativeErrors:
    dimensions = {"EndpointName": names.endpoint(model), "VariantName": names.variant(release)}
    return NativeErrors("AWS/SageMaker", "Invocation5XXErrors", dimensions)


def _of_an_endpoint(model: str, release: int) -> NativeErrors:
    name = names.release_endpoint(model, release)
    dimensions = {"EndpointName": name, "VariantName": names.variant(release)}
    return NativeErrors("AWS/SageMaker", "Invocation5XXErrors", dimensions)


def _of_a_slot(_model: str, _release: int) -> None:
    """A load balancer counts by slot, and which release is in it changes: no metric is a release's."""


ErrorsOf = Callable[[str, int], NativeErrors | None]
NATIVE_ERRORS: dict[Target, ErrorsOf] = {
    Target.LAMBDA: _of_a_function,
    Target.ECS: _of_a_slot,
    Target.SAGEMAKER: _of_a_variant,
    Target.SAGEMAKER_SERVERLESS: _of_an_endpoint,
    Target.SAGEMAKER_ASYNC: _of_an_endpoint,
}
