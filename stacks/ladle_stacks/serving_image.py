"""The serving image of a model: built where it is deployed from, known by its content."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from ladle.catalog import Arch
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of
from ladle.project.function_code import serving_code
from ladle.project.staging import stage_image
from ladle_stacks.host import Host

_PLATFORMS = {
    Arch.X86_64: ecr_assets.Platform.LINUX_AMD64,
    Arch.ARM64: ecr_assets.Platform.LINUX_ARM64,
}


def serving_image(scope: Construct, host: Host, spec: ServiceSpec) -> ecr_assets.DockerImageAsset:
    code = serving_code(
        backend_of(spec.source.file_name) or "",
        spec.packaging,
        spec.python,
        Path(spec.folder),
        spec.transform,
        spec.requirements,
        spec.source.file_name,
        spec.target,
        spec.compute.gpu,
    )
    return ecr_assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(stage_image(code, host.repository, spec.python)),
        platform=_PLATFORMS[spec.arch],
        build_args={"PYTHON": spec.python},
    )
