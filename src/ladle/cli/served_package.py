"""What a serving process on this machine is told of a model package."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ladle.catalog import Tracing
from ladle.errors import NotFound
from ladle.experiments.manifest import Signature
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import serving_json
from ladle.project.services import read_services
from ladle.tools.model_jail import ModelJail


def read_packages(root: Path, model: str | None) -> Sequence[ServiceSpec]:
    """One, or all, as this Ladle serves them. Raises LadleError for a config with mistakes or a model that cannot be read."""
    only = [] if model is None else [model]
    return read_services(root, Cloud.EMBEDDED, _signature, only=only, known=None)


def environment_of(spec: ServiceSpec) -> Mapping[str, str]:
    """Raises NotFound LD429 where the model's file is not in this checkout."""
    if spec.source.path is None:
        pinned = spec.source.object
        raise NotFound(
            "LD429",
            f"{spec.model}: the pinned model {spec.source.file_name} lies in "
            f"{pinned.bucket if pinned else 'the store'} and not in this checkout",
            f"fetch it: ladle pin {spec.model} {pinned.address}"
            if pinned
            else f"put the file with the digest {spec.model_digest[:19]} into {spec.folder}",
        )
    return {
        **spec.env,
        "LADLE_MODEL": spec.model,
        "LADLE_MODEL_FILE": spec.source.path,
        "LADLE_RELEASE_DIGEST": spec.release_digest,
        "LADLE_SPEC": serving_json(replace(spec, tracing=Tracing.NONE)),  # spans stay at home
        "LAMBDA_TASK_ROOT": spec.folder,
    }


def environment_of_all(specs: Sequence[ServiceSpec], folder: Path) -> Mapping[str, str]:
    """Of one process for all of them; the list that it reads is written into ``folder``."""
    listed = folder / "models.json"
    listed.write_text(json.dumps([environment_of(spec) for spec in specs]))
    return {"LADLE_MODELS": str(listed)}


def _signature(path: Path) -> Signature:
    return ModelJail().inspect(path).signature
