"""``ladle init NAME``: a repository that deploys, or one more model in the repository that is here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from ladle.catalog import ModelType
from ladle.cli.output import answer, say
from ladle.config.checks import PICKLES, name_mistake
from ladle.errors import LadleError
from ladle.experiments.manifest import Signature
from ladle.project.built_folder import model_in
from ladle.project.repository import PACKAGES

TEMPLATE = Path(__file__).parent / "template"
_EXAMPLE = ("train.py", "flowers.csv", "model.onnx", "setosa.json")  # what --from brings no part of
_PACKAGED = "sagemaker:"
_TEXT_SUFFIXES = frozenset({".py", ".json", ".toml", ".yaml", ".yml", ".md", ".csv", ""})


def init(
    name: Annotated[str, typer.Argument(help="Of the model: fraud, churn-score.")],
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="MODEL.onnx, a ModelBuilder's folder, or sagemaker:ARN of a package.",
        ),
    ] = None,
) -> None:
    """Start a repository that deploys, in this folder; what is there already is kept."""
    if mistake := name_mistake(name):
        raise LadleError("LD113", *mistake)
    root, package = Path.cwd(), f"{PACKAGES}/{name}"
    if (root / package).exists():
        raise LadleError(
            "LD802", f"{package} is there already", "choose another name, or edit what is there"
        )
    with tempfile.TemporaryDirectory(prefix="ladle-") as folder:
        _start(root, name, _model_file(source, Path(folder)) if source else None)
    say(f"next: ladle check; ladle dev {name}")


def _start(root: Path, name: str, model: Path | None) -> None:
    package = f"{PACKAGES}/{name}"
    type_ = _type_of(model) if model else ModelType.CLASSIFICATION
    said = {"name": name, "type": type_, "train_row": "" if model else _TRAIN_ROW}
    written = [path for path in _files(said, with_example=model is None) if _write(root, *path)]
    if model is not None:
        target = root / package / "model.onnx"
        target.write_bytes(model.read_bytes())
        written.append((f"{package}/model.onnx", b""))
    for path, _ in written:
        answer(path)


_TRAIN_ROW = (
    "| `model_packages/{{name}}/train.py`, `flowers.csv` | how it was made, and from what |\n"
)


def _files(said: Mapping[str, str], with_example: bool) -> Iterator[tuple[str, bytes]]:
    """Name in the new repository, and content."""
    for path in sorted(p for p in TEMPLATE.rglob("*") if p.is_file()):
        relative = path.relative_to(TEMPLATE)
        if "__pycache__" in relative.parts or (path.name in _EXAMPLE and not with_example):
            continue
        target = PurePosixPath(*(_renamed(part, said["name"]) for part in relative.parts))
        yield str(target), _filled(path, said)


def _renamed(part: str, name: str) -> str:
    """``dot-github`` is ``.github``: packaging tools skip what begins with a dot."""
    return name if part == "NAME" else part.replace("dot-", ".", 1) if part[:4] == "dot-" else part


def _filled(path: Path, said: Mapping[str, str]) -> bytes:
    content = path.read_bytes()
    if path.suffix not in _TEXT_SUFFIXES:
        return content
    text = content.decode()
    for key in ("train_row", "name", "type"):
        text = text.replace(f"{{{{{key}}}}}", said[key])
    return text.encode()


def _write(root: Path, name: str, content: bytes) -> bool:
    """Whether it was written: a file that is there is somebody's work."""
    target = root / name
    if target.exists():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return True


def _model_file(source: str, folder: Path) -> Path:
    """``folder`` takes what has to be fetched."""
    if source.startswith(_PACKAGED):
        return _from_model_package(source.removeprefix(_PACKAGED), folder)
    if source.startswith("mlflow:"):
        raise LadleError(
            "LD903",
            "starting from an MLflow folder is not yet built",
            "export the model to ONNX and name that file",
        )
    path = Path(source)
    if path.is_dir():
        return _from_folder(path)
    if path.suffix.lower() in PICKLES:
        raise LadleError(
            "LD903",
            f"{path.name} can run code when it is opened; converting it in a jail is not yet built",
            "export the model to ONNX where you trained it (skl2onnx, torch.onnx) and name that file",
        )
    if path.suffix.lower() != ".onnx":
        raise LadleError(
            "LD903",
            f"starting from {path.name} is not yet built: only ONNX files are",
            "export the model to ONNX and name that file; a predict.py is put into its package by "
            "hand: docs/models.md",
        )
    return path


def _from_model_package(arn: str, folder: Path) -> Path:
    from ladle.wiring import fetch_model_package

    found = fetch_model_package(arn, folder)
    takes = ", ".join(found.content_types) or "no content type"
    say(f"{arn}: {found.approval}; its image {found.image} took {takes}")
    if found.left:
        say(f"not brought, since Ladle serves the model itself: {', '.join(found.left)}")
    return found.file


def _from_folder(folder: Path) -> Path:
    found = model_in(folder)
    say(f"the model of {folder} is {found.file.relative_to(folder)}")
    if found.left:
        say(f"not brought, since Ladle serves the model itself: {', '.join(found.left)}")
    return found.file


def _type_of(model: Path) -> ModelType:
    """Read in a process of its own, which refuses what cannot be served. Raises LD305, LD32x."""
    from ladle.tools.model_jail import ModelJail

    return guessed_type(ModelJail().inspect(model).signature)


def guessed_type(signature: Signature) -> ModelType:
    """A class per row, or one number per row; anything else is generic."""
    first = signature.outputs[0]
    if first.dtype in ("int64", "int32", "string", "bool") and len(first.shape) <= 2:
        return ModelType.CLASSIFICATION
    is_number = first.dtype in ("float", "double") and first.shape[1:] in ((), (1,))
    return ModelType.REGRESSION if is_number and len(signature.outputs) == 1 else ModelType.GENERIC
