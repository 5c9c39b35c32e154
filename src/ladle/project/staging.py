"""What is staged is a file of its content: the same code and wheels give the same bytes, once.

A zip is made of a base (the wheels, compressed once per lock) and the code that was reached. Times
are fixed, so that Lambda's CodeSha256 is known before anything is uploaded.
"""

from __future__ import annotations

import base64
import os
import py_compile
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from ladle import digest
from ladle.catalog import Arch
from ladle.digest import Digest
from ladle.errors import LadleError
from ladle.project.function_code import (
    REQUIREMENTS,
    FunctionCode,
    Wheels,
    dockerfile,
    home,
    lock_of,
    python_tag,
)
from ladle.project.import_closure import SourceFile

STAGE = Path(".ladle") / "stage"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
STAGED_PYTHON = "3.13"  # that scripts/setup stages beside the host's
_KEPT = 8
_FORMAT = "2"  # part of every staged name: a change of how we stage makes new files


@dataclass(frozen=True, slots=True)
class StagedZip:
    """``sha256`` in hex; Lambda calls the same number ``CodeSha256``, in base64."""

    path: Path
    sha256: str

    @property
    def code_sha256(self) -> str:
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()


def stage_zip(code: FunctionCode, repository: Path, python: str, arch: Arch) -> StagedZip:
    """The function as a zip under ``.ladle/stage``; ``python`` is the one that will run it.

    Raises LD220 when its wheels have not been staged.
    """
    stage = repository / STAGE
    base = _base(code, stage, python, arch)
    whole = stage / f"{base.stem}-{code.digest.short}.zip"
    if not whole.exists():
        _write(whole, base, _with_bytecode(code.files, python))
        _forget_older(stage, base)
    return StagedZip(whole, _hash(whole, whole.stat().st_mtime_ns).hex)


def brought_wheels(code: FunctionCode, repository: Path, python: str, arch: Arch) -> Path:
    """What a zip's wheels are taken from: a folder, or a zip for those that a kept runtime has of its
    own, which were staged here before, or came from the store. Raises LD220 where they are not here.
    """
    if keeps_other_wheels(code.wheels, python, code.locks):
        return _kept_base(repository, wheels_name(code.wheels, python, arch, code.locks))
    return wheels_folder(code.wheels, python, arch)


def keeps_other_wheels(wheels: Wheels, python: str, locks: Path | None) -> bool:
    """Whether the lock of a kept runtime is another than ours."""
    if locks is None:
        return False
    return lock_of(wheels, python, locks) != lock_of(wheels, python)


def _base(code: FunctionCode, stage: Path, python: str, arch: Arch) -> Path:
    """The wheels as a zip."""
    wheels = brought_wheels(code, stage.parent.parent, python, arch)
    if wheels.is_file():
        return wheels
    contents = _contents(wheels, wheels.stat().st_mtime_ns)
    base = stage / f"{wheels_name(code.wheels, python, arch)}-{contents.short}.zip"
    if not base.exists():
        _write(base, None, ((SourceFile(n, p), p.read_bytes()) for n, p in _walk(wheels)))
    return base


def wheels_name(wheels: Wheels, python: str, arch: Arch, locks: Path | None = None) -> str:
    """What the wheels of a lock are called, wherever they are kept."""
    lock = digest.of_bytes(lock_of(wheels, python, locks))
    return f"{wheels}-{python_tag(python)}-{arch}-{lock.short}"


def find_wheels(repository: Path, name: str) -> Path | None:
    """The staged wheels of this name; what was staged with them has a longer one."""
    return next(iter(sorted((repository / STAGE).glob(f"{name}-{'?' * 12}.zip"))), None)


def place_for_wheels(repository: Path, name: str) -> Path:
    """Where wheels that come from elsewhere are found as if they had been staged here."""
    return repository / STAGE / f"{name}-{'0' * 12}.zip"


def _kept_base(repository: Path, name: str) -> Path:
    found = find_wheels(repository, name)
    if found is None:
        raise LadleError(
            "LD220",
            f"the wheels {name} of a kept serving runtime are missing: this Ladle brings others",
            "ladle deploy fetches them from the store; or move the model to this Ladle's runtime: "
            "ladle upgrade",
        )
    return found


@dataclass(frozen=True, slots=True)
class ImageModel:
    """A model that is built into its image; ``digest`` is that of its content."""

    path: Path
    file_name: str
    digest: Digest


_COPY_MODEL = """
# The model itself, which Ladle would otherwise read from its store.
COPY model/ ${LAMBDA_TASK_ROOT}/model/
"""


def stage_image(
    code: FunctionCode, repository: Path, python: str, model: ImageModel | None = None
) -> Path:
    """A folder that any image builder takes as its context; nothing is built, nothing downloaded."""
    named = f"image-{python_tag(python)}-{code.digest.short}-{_FORMAT}"
    folder = repository / STAGE / (f"{named}-{model.digest.short}" if model else named)
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent))
    for file in code.files:
        at_top = file.name in {dockerfile().name, REQUIREMENTS}
        target = fresh / file.name if at_top else fresh / "code" / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
    (fresh / "lock.txt").write_bytes(code.lock)
    if model is not None:
        add_model(fresh, model.path, model.file_name)
    _readable_by_all(fresh)
    _publish(fresh, folder)
    return folder


def add_model(context: Path, model: Path, file_name: str) -> None:
    """Into the image itself, readable by whoever the function runs as."""
    target = context / "model" / file_name
    target.parent.mkdir()
    shutil.copyfile(model, target)
    _readable_by_all(target.parent)
    with (context / dockerfile().name).open("a", encoding="utf-8") as file:
        file.write(_COPY_MODEL)


def _forget_older(stage: Path, base: Path) -> None:
    """Every edit of the code stages a zip; only the newest few are ever asked for again."""
    staged = sorted(stage.glob(f"{base.stem}-*.zip"), key=lambda path: path.stat().st_mtime_ns)
    for path in staged[:-_KEPT]:
        path.unlink(missing_ok=True)


def wheels_folder(wheels: Wheels, python: str, arch: Arch) -> Path:
    """Where ``scripts/setup`` put the wheels of a lock. Raises LD220 when it did not."""
    folder = home() / ".ladle" / "wheels" / f"{wheels}-{python_tag(python)}-{arch}"
    if not folder.is_dir():
        option = " --arm64" if arch is Arch.ARM64 else ""
        option += " --otlp" if wheels is Wheels.FUNCTION_OTLP else ""
        raise LadleError(
            "LD220",
            f"the {wheels} wheels for Python {python} on {arch} are missing "
            f"(.ladle/wheels/{folder.name}): a zip holds them, and synth downloads nothing",
            f"run scripts/setup{option}, which brings those of Python {STAGED_PYTHON} and of this "
            "machine's; for another Python write packaging: image",
        )
    return folder


@cache
def _hash(path: Path, _changed_ns: int) -> Digest:
    """Once per process, however many models share the code."""
    with path.open("rb") as stream:
        return digest.of_stream(stream)[0]


@cache
def _contents(folder: Path, _changed_ns: int) -> Digest:
    """Of names and sizes: enough to tell apart what ``scripts/setup`` makes of one lock."""
    return digest.of_json([_FORMAT, {name: path.stat().st_size for name, path in _walk(folder)}])


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path


def _with_bytecode(files: Iterable[SourceFile], python: str) -> Iterator[tuple[SourceFile, bytes]]:
    """Each file, and its bytecode where this very Python will run it: a shorter cold start."""
    same = python == f"{sys.version_info.major}.{sys.version_info.minor}"
    for file in files:
        yield file, file.path.read_bytes()
        if same and file.name.endswith(".py"):
            yield _bytecode(file)


def _bytecode(file: SourceFile) -> tuple[SourceFile, bytes]:
    folder, _, name = file.name.rpartition("/")
    cached = f"{name[:-3]}.{sys.implementation.cache_tag}.pyc"
    arrives_as = "/".join(filter(None, [folder, "__pycache__", cached]))
    with tempfile.TemporaryDirectory() as scratch:
        compiled = py_compile.compile(
            str(file.path),
            cfile=str(Path(scratch) / cached),
            dfile=file.name,
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        return SourceFile(arrives_as, file.path), Path(str(compiled)).read_bytes()


def _write(target: Path, base: Path | None, members: Iterable[tuple[SourceFile, bytes]]) -> None:
    """Writes beside ``target`` and renames, so that an interrupted run leaves no half a zip."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=target.parent, suffix=".part")
    os.close(handle)
    if base is not None:
        shutil.copyfile(base, fresh)
    with ZipFile(fresh, "a" if base else "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for file, content in members:
            info = ZipInfo(file.name, _LONG_AGO)
            info.external_attr = (0o755 if os.access(file.path, os.X_OK) else 0o644) << 16
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, content)
    Path(fresh).replace(target)


def _readable_by_all(folder: Path) -> None:
    """Modes go into an image as they are, and Lambda reads it as a user that owns nothing."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _publish(fresh: Path, folder: Path) -> None:
    """Another synth may have staged the same content a moment ago: then ours is not needed."""
    try:
        fresh.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(fresh)
