"""A serving runtime is a set of files with one digest: all that any model could be served with.

The newest lies where Ladle is installed. Older ones, which models keep until they are upgraded, lie
below ``.ladle/runtimes`` of the repository, and as one zip each in the store.
"""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from ladle import digest
from ladle.catalog import BACKENDS
from ladle.digest import Digest
from ladle.errors import Corrupt, NotFound
from ladle.policy.lock import Runtime
from ladle.project.function_code import (
    SERVER_ENTRY,
    SERVING_ENTRY,
    SPANS_ENTRY,
    RuntimeTree,
    Wheels,
    installed_runtime,
)
from ladle.project.import_closure import SourceFile, reached_files
from ladle.version import __version__

KEPT = Path(".ladle") / "runtimes"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
Contents = tuple[tuple[str, bytes], ...]


def files_of(tree: RuntimeTree) -> tuple[SourceFile, ...]:
    """By the names that they have in a kept tree."""
    entries = [SERVING_ENTRY, SERVER_ENTRY]
    if tree.sends_spans:
        entries.append(SPANS_ENTRY)
    entries += [f"ladle_runtime.backends.{module}" for module in BACKENDS.values()]
    images = sorted(tree.images.rglob("Dockerfile"))
    sets = {part: None for wheels in Wheels for part in wheels.split("-")}
    del sets[Wheels.PLATFORM]
    locks = [lock for part in sets for lock in sorted(tree.locks.glob(f"{part}-py*.txt"))]
    return (
        *reached_files(entries, tree.roots),
        *(SourceFile(f"ladle_runtime/{_below(tree.ladle_runtime, path)}", path) for path in images),
        *(SourceFile(f"locks/{lock.name}", lock) for lock in locks),
    )


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def digest_of(tree: RuntimeTree) -> Digest:
    """Of names and contents, wherever they lie."""
    return _digest(_contents(tree))


def _contents(tree: RuntimeTree) -> Contents:
    return tuple((file.name, file.path.read_bytes()) for file in files_of(tree))


def _digest(contents: Contents) -> Digest:
    return digest.of_named((name, digest.of_bytes(content)) for name, content in contents)


@cache
def _installed_contents() -> Contents:
    """Read once: whoever edits Ladle while it deploys must not change what is kept of the deploy."""
    return _contents(installed_runtime())


@cache
def installed() -> Runtime:
    """What this Ladle would serve a new model with."""
    return Runtime(str(_digest(_installed_contents())), __version__)


def is_here(repository: Path, runtime: Runtime) -> bool:
    return runtime.digest == installed().digest or _folder(repository, runtime).is_dir()


def tree_of(repository: Path, runtime: Runtime | None) -> RuntimeTree | None:
    """None for the one that this Ladle brings. Raises LD238 for one that is not here."""
    if runtime is None or runtime.digest == installed().digest:
        return None
    folder = _folder(repository, runtime)
    if not folder.is_dir():
        raise NotFound(
            "LD238",
            f"the serving runtime {runtime} is not in this checkout",
            "ladle plan and ladle deploy fetch it from the store; ladle upgrade moves the model to "
            "the one that this Ladle brings",
        )
    return _tree_at(folder)


def pack(to: Path, repository: Path, runtime: Runtime) -> Digest:
    """Writes a runtime that is here as a zip: the same bytes for the same files."""
    tree = tree_of(repository, runtime)
    contents = _installed_contents() if tree is None else _contents(tree)
    content = io.BytesIO()
    with ZipFile(content, "w", ZIP_DEFLATED, compresslevel=6) as archive:
        for name, contained in contents:
            info = ZipInfo(name, _LONG_AGO)
            info.compress_type = ZIP_DEFLATED
            archive.writestr(info, contained)
    to.write_bytes(content.getvalue())
    return digest.of_bytes(content.getvalue())


def unpack(content: Path, repository: Path, runtime: Runtime) -> None:
    """Raises LD239 where the zip ``content`` holds another runtime than ``runtime``."""
    folder = _folder(repository, runtime)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        fresh = Path(scratch) / "tree"
        try:
            with ZipFile(content) as archive:
                archive.extractall(fresh)
            found = digest_of(_tree_at(fresh))
        except (BadZipFile, FileNotFoundError, SyntaxError) as error:
            raise _another(runtime, "no zip of one") from error
        if str(found) != runtime.digest:
            raise _another(runtime, found.short)
        if not folder.is_dir():
            fresh.rename(folder)


def _another(runtime: Runtime, kept: str) -> Corrupt:
    return Corrupt(
        "LD239",
        f"what the store keeps as the serving runtime {runtime} is {kept}",
        "delete that object and deploy once with the Ladle that brought the runtime; or move "
        "the model to this Ladle's: ladle upgrade",
    )


def _folder(repository: Path, runtime: Runtime) -> Path:
    return repository / KEPT / digest.hex_of(runtime.digest)


def _tree_at(folder: Path) -> RuntimeTree:
    return RuntimeTree(folder / "ladle", folder / "ladle_runtime", folder / "locks")
