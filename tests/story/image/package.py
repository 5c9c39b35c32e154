"""The digits package as the stacks see it, and the images that they would build of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.runtime.collector import Collector
from tests.story.image import engine

from ladle import digest
from ladle.catalog import Packaging, Target, Tracing
from ladle.planning.resolve import Cloud
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of, serving_json
from ladle.project.function_code import dockerfile, serving_code
from ladle.project.services import read_services
from ladle.project.staging import ImageModel, stage_image
from ladle.quality.line_keys import line_key
from ladle.tools.model_jail import ModelJail

MODEL = "digits"
LINE_KEY = line_key(bytes(range(32)), MODEL)


@dataclass(frozen=True)
class Service:
    """``golden`` are requests whose answers are known."""

    spec: ServiceSpec
    model: bytes
    golden: Sequence[Mapping[str, Any]]

    @property
    def request(self) -> Mapping[str, Any]:
        asked: Mapping[str, Any] = self.golden[0]["request"]
        return asked

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.model).hexdigest()

    def environment(self, transform: str | None = None) -> dict[str, str]:
        """What every target gives it, docs/formats.md says what each is for."""
        spec = {**json.loads(serving_json(self.spec)), "transform": transform}
        return {
            "LADLE_MODEL": MODEL,
            "LADLE_RELEASE_DIGEST": digest.hex_of(self.spec.release_digest),
            "LADLE_SPEC": json.dumps(spec),
            "LADLE_LOG_KEY": LINE_KEY.hex(),
        }


def need_engine() -> None:
    if why := engine.no_engine():
        pytest.skip(f"{why}; scripts/gate image starts an engine where it may")


def read_service(root: Path) -> Service:
    def inspect(path: Path) -> Any:
        return ModelJail().inspect(path).signature

    (spec,) = read_services(root, Cloud.AWS, inspect, only=[MODEL])
    golden = [json.loads(file.read_text()) for file in Path(spec.folder, "golden").glob("*.json")]
    assert golden
    assert spec.source.path is not None
    return Service(spec, Path(spec.source.path).read_bytes(), golden)


def need_base(target: Target, python: str) -> engine.Base:
    found = engine.find_base(dockerfile(target), python)
    if found is None:
        pytest.skip(
            f"the engine has no base image for Python {python}: pull the one that the Dockerfile "
            "names, or make a stand-in with scripts/stand-in-base"
        )
    return found


def build(
    service: Service,
    base: engine.Base,
    repository: Path,
    target: Target = Target.LAMBDA,
    transform: Path | None = None,
    model: ImageModel | None = None,
    tracing: Tracing = Tracing.NONE,
) -> str:
    """Of the very context that ``cdk synth`` stages for the package."""
    backend, python = backend_of(service.spec.source.file_name) or "", service.spec.python
    folder = Path(service.spec.folder) if transform is None else transform.parent
    name = None if transform is None else transform.name
    code = serving_code(
        backend, Packaging.IMAGE, python, folder, name, target=target, tracing=tracing
    )
    kind = MODEL if target is Target.LAMBDA else "server"
    parts = {"transform": transform, "model": model, "spans": tracing is Tracing.OTLP}
    tag = f"ladle-test:{'-'.join([kind, *(part for part, has in parts.items() if has)])}"
    return engine.build(stage_image(code, repository, python, model), tag, python, base)


def traced(service: Service, collector: Collector) -> dict[str, str]:
    """The environment of one that sends its spans to a collector on this machine."""
    told = service.environment()
    spec = {**json.loads(told["LADLE_SPEC"]), "tracing": str(Tracing.OTLP)}
    return {**told, "LADLE_SPEC": json.dumps(spec), **collector.environment}
