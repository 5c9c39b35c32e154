"""A model on Lambda: one function whose published versions are its releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from ladle import digest, names
from ladle.catalog import Packaging, Tracing
from ladle.errors import LadleError
from ladle.planning import permissions
from ladle.planning.plain_template import MODEL_FOLDER
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import (
    secrets_environment,
    serving_json,
)
from ladle.project.function_code import SERVING_ENTRY
from ladle.project.services import code_of
from ladle.project.staging import ImageModel, stage_zip
from ladle_stacks import grants
from ladle_stacks.doors.behind import ToFunction
from ladle_stacks.doors.front_door import front_door
from ladle_stacks.functions import ZipCode
from ladle_stacks.home import home_of, log_of
from ladle_stacks.host import Host
from ladle_stacks.release_handoff import bundle_and_handoff, release
from ladle_stacks.serving_image import serving_image

HANDLER = f"{SERVING_ENTRY}.handle"


@dataclass(frozen=True, slots=True)
class Packed:
    """The function's code as CloudFormation takes it. An image names its own runtime and handler;
    what it hashes to is known only once it is built.
    """

    code: lambda_.CfnFunction.CodeProperty
    package_type: str
    runtime: str | None = None
    handler: str | None = None
    code_sha256: str | None = None


def serve(scope: Construct, host: Host, spec: ServiceSpec) -> cdk.CfnResource:
    """Everything between the model's file and its address, in the order in which it is made.

    Returns the hand-over, which waits for whatever else must be there first.
    """
    kept, lines = log_of(scope, spec)
    handing = bundle_and_handoff(scope, host, spec)
    home = home_of(scope, spec)
    packed = _pack(home, host, spec)
    function = _function(home, spec, packed, _environment(spec, handing.bundle), kept)
    released = release(scope, handing, function, spec, _served(spec, packed))
    released.add_resource_dependency(lines)
    alias = released.get_att("AliasArn").to_string()
    front_door(scope, spec, ToFunction(alias), released)
    return released


def _function(
    scope: Construct,
    spec: ServiceSpec,
    packed: Packed,
    environment: dict[str, str],
    kept: logs.CfnLogGroup,
) -> lambda_.CfnFunction:
    group = names.log_group(spec.model)
    role = grants.function_role(scope, "Serving", group, permissions.serving(spec))
    function = lambda_.CfnFunction(
        scope,
        "Function",
        function_name=names.function(spec.model, spec.base),
        description=f"Ladle: serves {spec.model}",
        code=packed.code,
        package_type=packed.package_type,
        runtime=packed.runtime,
        handler=packed.handler,
        role=role.role_arn,
        memory_size=spec.compute.memory_mb,
        timeout=spec.compute.timeout_s,
        reserved_concurrent_executions=spec.compute.reserved,
        vpc_config=_network(spec),
        tracing_config=_traced(spec),
        snap_start=_snapshot(spec),
        architectures=[spec.arch],
        environment=lambda_.CfnFunction.EnvironmentProperty(variables=environment),
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=group),
    )
    function.add_resource_dependency(kept)
    return function


def _served(spec: ServiceSpec, packed: Packed) -> dict[str, str | None]:
    """What the hand-off is told of the function beside its release."""
    warm = str(spec.compute.warm) if spec.compute.warm else None
    return {"CodeSha256": packed.code_sha256, "Warm": warm}


def _snapshot(spec: ServiceSpec) -> lambda_.CfnFunction.SnapStartProperty | None:
    if not spec.compute.snap_start:
        return None
    return lambda_.CfnFunction.SnapStartProperty(apply_on="PublishedVersions")


def _traced(spec: ServiceSpec) -> lambda_.CfnFunction.TracingConfigProperty | None:
    if spec.tracing is not Tracing.XRAY:
        return None
    return lambda_.CfnFunction.TracingConfigProperty(mode="Active")


def _network(spec: ServiceSpec) -> lambda_.CfnFunction.VpcConfigProperty | None:
    if not spec.network:
        return None
    return lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(spec.network["subnets"]),
        security_group_ids=list(spec.network["security_groups"]),
    )


def _environment(spec: ServiceSpec, bundle: cdk.CfnCustomResource) -> dict[str, str]:
    """docs/formats.md says what each is for. The team's own variables cannot replace Ladle's."""

    def of_bundle(attribute: str) -> str:
        return bundle.get_att(attribute).to_string()

    return {
        **spec.env,
        **secrets_environment(spec),
        "LADLE_MODEL": spec.model,
        "LADLE_RELEASE_DIGEST": digest.hex_of(spec.release_digest),
        "LADLE_SPEC": serving_json(spec),
        **_model_at(spec, of_bundle),
        "LADLE_LOG_KEY": of_bundle("LogKey"),
        **({"LADLE_BASE": str(spec.base)} if spec.base else {}),
    }


def _model_at(spec: ServiceSpec, of_bundle: Callable[[str], str]) -> dict[str, str]:
    if spec.is_in_image:
        return {
            "LADLE_MODEL_FILE": f"{MODEL_FOLDER}/{spec.source.file_name}",
            "LADLE_BUNDLE_SHA256": digest.hex_of(spec.model_digest),
        }
    return {
        "LADLE_BUNDLE_BUCKET": of_bundle("Bucket"),
        "LADLE_BUNDLE_KEY": of_bundle("Key"),
        "LADLE_BUNDLE_VERSION": of_bundle("VersionId"),
        "LADLE_BUNDLE_SHA256": of_bundle("Sha256"),
    }


def _pack(scope: Construct, host: Host, spec: ServiceSpec) -> Packed:
    if spec.packaging is Packaging.IMAGE:
        image = serving_image(scope, host, spec, _image_model(spec))
        return Packed(lambda_.CfnFunction.CodeProperty(image_uri=image.image_uri), "Image")
    if spec.requirements is not None:
        raise LadleError(
            "LD227",
            f"{spec.model}: a zip holds the wheels that scripts/setup staged, and none of "
            f"{spec.requirements}",
            "write packaging: image, or drop requirements",
        )
    python = host.python(spec.python)
    staged = stage_zip(code_of(spec, host.repository), host.repository, python, spec.arch)
    zipped = ZipCode(scope, "Code", staged, python)
    return Packed(zipped.property, "Zip", zipped.runtime, HANDLER, zipped.code_sha256)


def _image_model(spec: ServiceSpec) -> ImageModel | None:
    if not spec.is_in_image or spec.source.path is None:
        return None
    model_digest = digest.Digest.parse(spec.model_digest)
    return ImageModel(Path(spec.source.path), spec.source.file_name, model_digest)
