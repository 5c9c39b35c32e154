"""An exported model is a folder that deploys without Ladle: image context, template, manifest, README."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from string import Template

from ladle import digest
from ladle.catalog import Packaging, Target
from ladle.errors import LadleError, NotFound
from ladle.planning.plain_template import plain_template
from ladle.planning.service_spec import ServiceSpec
from ladle.planning.serving_environment import backend_of
from ladle.project.function_code import serving_code
from ladle.project.repository import PINNED
from ladle.project.staging import add_model, stage_image
from ladle.version import __version__

_README = Template("""\
# $model, without Ladle

Ladle $version exported this folder. Nothing in it needs Ladle's stacks, store or commands.

| file | what it is |
|---|---|
| `Dockerfile`, `lock.txt`, `code/` | the serving image: wheels with their hashes, and the code that answers |
| `model/$file` | the model, $digest |
| `template.json` | CloudFormation: function, role, log, HTTP API. One parameter, the image |
| `manifest.json` | the digest of every file here, and of the release that they are |
$experiment
## Deploy

```sh
aws ecr create-repository --repository-name $model --image-tag-mutability IMMUTABLE
docker build --platform $platform --build-arg PYTHON=$python --tag "$$REPOSITORY_URI:1" .
docker push "$$REPOSITORY_URI:1"
aws cloudformation deploy --stack-name $model --template-file template.json \\
  --capabilities CAPABILITY_IAM --parameter-overrides ImageUri="$$REPOSITORY_URI:1"
```

The answer is `POST /predict`, as before. What stays behind: canary, evidence and rollback, late labels
(`POST /feedback`), counters and the history of experiments. To go back to an older model, deploy its image.
""")
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}


def write_export(spec: ServiceSpec, folder: Path, repository: Path) -> Iterator[str]:
    """Names what it writes. Raises LD228 for a model whose file is not here, LD229 where
    ``folder`` holds something, LD231 for a model that is no function.
    """
    if spec.target is not Target.LAMBDA:
        raise LadleError(
            "LD231",
            f"{spec.model} runs on {spec.target}, and what is exported is a function",
            "ladle export of a config that says target: lambda; or keep the image of its last deploy",
        )
    if spec.source.path is None:
        raise NotFound(
            "LD228",
            f"{spec.model}: the pinned model {spec.source.file_name} is not in this checkout",
            f"fetch it first: ladle pull {spec.experiment_id or 'ID'}",
        )
    if folder.exists() and any(folder.iterdir()):
        raise LadleError(
            "LD229", f"{folder} is not empty", "name another folder: --output DIR, or empty it"
        )
    shutil.copytree(_image_context(spec, repository), folder, dirs_exist_ok=True)
    add_model(folder, Path(spec.source.path), spec.source.file_name)
    _write_json(folder / "template.json", plain_template(spec))
    pinned = Path(spec.folder) / PINNED
    if spec.experiment_id is not None and pinned.is_file():
        shutil.copyfile(pinned, folder / "experiment.json")
    (folder / "README.md").write_text(_readme(spec), encoding="utf-8")
    _write_json(folder / "manifest.json", _manifest(spec, folder))
    yield from sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _image_context(spec: ServiceSpec, repository: Path) -> Path:
    code = serving_code(
        backend_of(spec.source.file_name) or "",
        Packaging.IMAGE,
        spec.python,
        Path(spec.folder),
        spec.transform,
        spec.requirements,
        spec.source.file_name,
        tracing=spec.tracing,
    )
    return stage_image(code, repository, spec.python)


def _manifest(spec: ServiceSpec, folder: Path) -> dict[str, object]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "schema": 1,
        "model": spec.model,
        "exported_by": f"ladle {__version__}",
        "release_digest": spec.release_digest,
        "model_digest": spec.model_digest,
        "experiment": spec.experiment_id,
        "signature": spec.signature.to_json(),
        "files": {
            path.relative_to(folder).as_posix(): str(digest.of_bytes(path.read_bytes()))
            for path in files
        },
    }


def _readme(spec: ServiceSpec) -> str:
    row = "| `experiment.json` | how the model was made |\n"
    return _README.substitute(
        model=spec.model,
        version=__version__,
        file=spec.source.file_name,
        digest=spec.model_digest,
        experiment=row if spec.experiment_id else "",
        platform=_PLATFORMS[spec.arch],
        python=spec.python,
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
