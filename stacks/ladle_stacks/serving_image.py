"""The serving image of a model: built where it is deployed from, known by its content."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from ladle.catalog import Arch
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of
from ladle.project.function_code import FunctionCode, serving_code
from ladle.project.kept_runtimes import tree_of
from ladle.project.staging import ImageModel, stage_image
from ladle_stacks.host import Host

_PLATFORMS = {
    Arch.X86_64: ecr_assets.Platform.LINUX_AMD64,
    Arch.ARM64: ecr_assets.Platform.LINUX_ARM64,
}


def serving_image(
    scope: Construct, host: Host, spec: ServiceSpec, model: ImageModel | None = None
) -> ecr_assets.DockerImageAsset:
    """``model`` is a file to build into it."""
    return ecr_assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(stage_image(code_of(spec, host), host.repository, spec.python, model)),
        platform=_PLATFORMS[spec.arch],
        build_args={"PYTHON": spec.python},
    )


def code_of(spec: ServiceSpec, host: Host) -> FunctionCode:
    """What serves the model, a function or a server, by the target; of the runtime that it keeps."""
    return serving_code(
        backend_of(spec.source.file_name) or "",
        spec.packaging,
        spec.python,
        Path(spec.folder),
        spec.transform,
        spec.requirements,
        spec.source.file_name,
        spec.target,
        spec.compute.gpu,
        tree_of(host.repository, spec.built_with),
        spec.tracing,
    )
