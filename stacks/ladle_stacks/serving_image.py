"""The serving image of a model: built where it is deployed from, known by its content."""

from __future__ import annotations

from aws_cdk import aws_ecr_assets as ecr_assets
from constructs import Construct

from ladle.catalog import Arch
from ladle.planning.service_spec import ServiceSpec
from ladle.project.services import code_of
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
    code = code_of(spec, host.repository)
    return ecr_assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(stage_image(code, host.repository, spec.python, model)),
        platform=_PLATFORMS[spec.arch],
        build_args={"PYTHON": spec.python},
    )
