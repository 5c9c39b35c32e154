"""A function's code is what it imports and the lock of its wheels; its digest is theirs.

An edit of any other file of the repository changes no digest, so it changes no asset and makes no
release.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ladle import digest
from ladle.catalog import BACKENDS, Packaging, Target, Tracing
from ladle.digest import Digest
from ladle.errors import LadleError, NotFound
from ladle.experiments.predict_code import read_predict_code
from ladle.project.import_closure import SourceFile, reached_files
from ladle.project.pinned_graph import pinned_graph

REQUIREMENTS = "requirements.txt"
SERVING_ENTRY = "ladle_runtime.serving.lambda_entry"
SERVER_ENTRY = "ladle_runtime.serving.server_entry"
SPANS_ENTRY = "ladle_runtime.serving.otlp"
PLATFORM_ENTRIES = {
    "intake": "ladle_runtime.labels.handler",
    "collector": "ladle_runtime.collector.handler",
    "judge": "ladle_runtime.judge.handler",
    "controller": "ladle_runtime.controller.handler",
}
ASKING_ENTRY = "ladle_runtime.asking.handler"
INVOKING_ENTRY = "ladle_runtime.asking.invoking"
HANDOFF_ENTRIES = {
    "handoff": "ladle_runtime.handoff.handler",
    "bundle": "ladle_runtime.handoff.bundle",
}


class Wheels(StrEnum):
    """The locked sets; ``scripts/setup`` stages those of functions: only images have the others.
    One whose name has two parts is two locks together.
    """

    FUNCTION = "function"
    FUNCTION_OTLP = "function-otlp"
    PLATFORM = "platform"
    SERVER = "server"
    SERVER_OTLP = "server-otlp"
    GPU = "gpu"
    GPU_OTLP = "gpu-otlp"

    @classmethod
    def serving(cls, target: Target, gpu: int, tracing: Tracing) -> Wheels:
        """Spans need packages that no other model carries."""
        name = "function" if target is Target.LAMBDA else "gpu" if gpu else "server"
        return cls(f"{name}-otlp" if tracing is Tracing.OTLP else name)


@dataclass(frozen=True, slots=True)
class RuntimeTree:
    """Where a serving runtime lies: the folders of its two packages, and of its locks."""

    ladle: Path
    ladle_runtime: Path
    locks: Path

    @property
    def roots(self) -> dict[str, Path]:
        return {"ladle": self.ladle, "ladle_runtime": self.ladle_runtime}

    @property
    def images(self) -> Path:
        return self.ladle_runtime / "images"

    @property
    def sends_spans(self) -> bool:
        """Older runtimes do not."""
        return (self.ladle_runtime / "serving" / "otlp.py").is_file()

    @property
    def captures(self) -> bool:
        """Older runtimes do not."""
        return (self.ladle_runtime / "serving" / "capture.py").is_file()


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """Files by the name that they have in the function, and the lock that names its wheels.

    ``python`` names the lock that the digest is made of: the config's, on any host. ``locks`` is the
    folder of a runtime that is kept; None: those of this Ladle.
    """

    files: tuple[SourceFile, ...]
    wheels: Wheels
    python: str
    locks: Path | None = None

    @property
    def digest(self) -> Digest:
        """Independent of where the files lie, of the host, and of time."""
        parts = [(f"file:{f.name}", digest.of_bytes(f.path.read_bytes())) for f in self.files]
        return digest.of_named([*parts, ("lock", digest.of_bytes(self.lock))])

    @property
    def lock(self) -> bytes:
        return lock_of(self.wheels, self.python, self.locks)


def serving_code(
    backend: str,
    packaging: Packaging,
    python: str,
    folder: Path,
    transform: str | None = None,
    requirements: str | None = None,
    model_file: str = "",
    target: Target = Target.LAMBDA,
    gpu: int = 0,
    runtime: RuntimeTree | None = None,
    tracing: Tracing = Tracing.NONE,
) -> FunctionCode:
    """The code that answers requests, for one backend of the catalogue: a function's on Lambda, a
    server's on every other target.

    ``transform``, with what it imports from beside it, keeps its name relative to the model package
    ``folder``; an image is also made of its Dockerfile. A model that is code itself lies in the
    package, and brings what it imports and names there. ``runtime`` is one that is kept, in place of
    the one that this Ladle brings. Raises LD246 for one that is too old for ``tracing``.
    """
    tree = runtime or installed_runtime()
    entry = SERVING_ENTRY if target is Target.LAMBDA else SERVER_ENTRY
    wheels = Wheels.serving(target, gpu, tracing)
    entries = [entry, f"ladle_runtime.backends.{BACKENDS[backend]}"]
    if tracing is Tracing.OTLP:
        if not tree.sends_spans:
            raise too_old(folder.name, "tracing: otlp", "tracing: none")
        entries.append(SPANS_ENTRY)
    files = list(_reached(tuple(entries), tree))
    if model_file.endswith(".py"):
        files += _model_code(folder, model_file)
    files += pinned_graph(folder, model_file)
    if transform is not None:
        files += _transform_files(folder / transform, str(Path(transform).parent.as_posix()))
    if requirements is not None:
        files.append(SourceFile(REQUIREMENTS, folder / requirements))
    if packaging is Packaging.IMAGE:
        image = dockerfile(target, tree)
        files.append(SourceFile(image.name, image))
    return FunctionCode(
        tuple(dict.fromkeys(files)), wheels, python, runtime.locks if runtime else None
    )


@cache
def _reached(entries: Sequence[str], tree: RuntimeTree) -> tuple[SourceFile, ...]:
    """A runtime does not change while a command runs, and most models have the same one."""
    return reached_files(entries, tree.roots)


def too_old(model: str, asked: str, instead: str) -> LadleError:
    return LadleError(
        "LD246",
        f"{model}: the serving runtime that it keeps is older than {asked}",
        f"ladle upgrade {model}, or write {instead}",
    )


def _model_code(folder: Path, name: str) -> Iterator[SourceFile]:
    if not (folder / name).is_file():
        raise NotFound(
            "LD338",
            f"{folder.name}: the pinned model {name} is code, and is not in this package",
            f"put {name} and the files that it needs beside model.yaml",
        )
    yield from _transform_files(folder / name, ".")
    for beside in read_predict_code((folder / name).read_bytes()).files:
        if not (folder / beside).is_file():
            raise NotFound(
                "LD338", f"{folder.name}: {name} names {beside}, which is not there", "add the file"
            )
        yield SourceFile(beside, folder / beside)


def _transform_files(transform: Path, folder: str) -> Iterator[SourceFile]:
    beside = {path.stem: path for path in transform.parent.glob("*.py")}
    beside |= {init.parent.name: init.parent for init in transform.parent.glob("*/__init__.py")}
    for file in reached_files([transform.stem], beside):
        yield SourceFile(file.name if folder == "." else f"{folder}/{file.name}", file.path)


def platform_code(entries: Sequence[str], python: str) -> FunctionCode:
    """The code of functions that watch and steer: never an image, boto3 inside."""
    return FunctionCode(_reached(tuple(entries), installed_runtime()), Wheels.PLATFORM, python)


@cache
def package_roots() -> dict[str, Path]:
    """The installed packages that a function may be made of."""
    found = {name: find_spec(name) for name in ("ladle", "ladle_runtime")}
    return {name: Path(spec.origin).parent for name, spec in found.items() if spec and spec.origin}


def installed_runtime() -> RuntimeTree:
    """The one that this Ladle brings."""
    roots = package_roots()
    return RuntimeTree(roots["ladle"], roots["ladle_runtime"], home() / "locks")


def dockerfile(target: Target = Target.LAMBDA, runtime: RuntimeTree | None = None) -> Path:
    images = (runtime or installed_runtime()).images
    return images / "Dockerfile" if target is Target.LAMBDA else images / "server" / "Dockerfile"


def lock_of(wheels: Wheels, python: str, locks: Path | None = None) -> bytes:
    """Raises NotFound LD721 where Ladle was installed without its locks."""
    folder, tag = locks or home() / "locks", python_tag(python)
    parts = [folder / f"{part}-{tag}.txt" for part in wheels.split("-")]
    try:
        return b"".join(part.read_bytes() for part in parts)
    except FileNotFoundError as error:
        raise NotFound(
            "LD721",
            f"this Ladle has no {Path(error.filename).name}, the lock of a function's wheels",
            "use the ladle of a checkout: scripts/setup there, then its .venv/bin on your PATH",
        ) from error


def home() -> Path:
    """The checkout that Ladle runs from: locks and staged wheels lie there."""
    return package_roots()["ladle"].parent.parent


def python_tag(python: str) -> str:
    """``3.13`` -> ``py313``."""
    return "py" + python.replace(".", "")
