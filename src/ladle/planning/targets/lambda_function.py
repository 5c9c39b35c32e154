"""A function's releases are its published versions, and its traffic is what its alias says."""

from __future__ import annotations

from collections.abc import Iterator

from ladle import names
from ladle.planning import arns
from ladle.planning.grant import Grant, Thing, allow
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.things import own_folder


def log_group(spec: ServiceSpec) -> str:
    return names.log_group(spec.model)


def serving_grants(spec: ServiceSpec) -> Iterator[Grant]:
    """It reads its own releases' models, and nothing else of the store."""
    yield allow("s3", ["GetObjectVersion"], own_folder(spec.model))


def publishing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    function, versions = _function_and_versions(spec.model)
    version = Thing(versions.arn, f"versions of {function.called}")
    look = ["GetAlias", "GetFunctionConfiguration", "ListVersionsByFunction"]
    yield allow("lambda", [*look, "CreateAlias", "PublishVersion"], function, versions)
    yield allow("lambda", ["DeleteFunction"], version)  # qualified: a version


def routing_grants(spec: ServiceSpec) -> Iterator[Grant]:
    function, versions = _function_and_versions(spec.model)
    yield allow("lambda", ["GetAlias", "UpdateAlias"], function, versions)
    yield allow("lambda", ["InvokeFunction"], function, versions)


def _function_and_versions(model: str) -> tuple[Thing, Thing]:
    name = names.function(model)
    return (
        Thing(arns.function(name), name),
        Thing(arns.function(f"{name}:*"), "its versions"),
    )
