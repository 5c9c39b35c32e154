"""A model that is served can no longer be changed by anybody: it is read into what only we can write.

Large ones go to a file of our own that is gone from its folder once the model is loaded, so that a
backend can map it; small ones, and all where no folder has room, stay in memory. On a file system
that nobody can write (an image of a function) the file is taken as it lies.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from ladle.errors import Corrupt, NotFound
from ladle_runtime.serving.settings import Bundle

if TYPE_CHECKING:
    from ladle.ports import Clock

_SMALL_BYTES: Final = 1 << 20
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class ModelFile:
    """``file`` holds ``content`` too, when it lies in a file."""

    content: bytes | mmap
    file: Path | None


@contextmanager
def read_model(
    model_at: Bundle | str, scratch: str, clock: Clock, sha256: str | None = None
) -> Iterator[ModelFile]:
    """``scratch`` is a folder for files that nobody misses; ``sha256`` is asked of a file at a path.

    Raises LadleError LD420 (unreachable), LD421 (not what was released), LD423 (no such file).
    """
    shelf = _Shelf(scratch)
    try:
        if isinstance(model_at, Bundle):
            # With ssl and email it is a quarter of our imports, and a file needs none of it.
            from ladle_runtime.serving.fetch import fetch

            fetch(model_at, clock, shelf.make_room)
            yield shelf.model()
        else:
            with _opened(model_at) as stream:
                found = _in_place(stream, model_at) or shelf.copy(stream)
                _believed(found, model_at, sha256)
                yield found
    finally:
        shelf.clear()


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 - closed below; only its opening is judged
    except OSError as error:
        raise NotFound(
            "LD423",
            f"the model file {path} cannot be read: {error.strerror}",
            "check `model:` in model.yaml; for a pinned experiment run `ladle pin` again",
        ) from error
    with stream:
        yield stream


def _believed(found: ModelFile, path: str, sha256: str | None) -> None:
    """What somebody else put there for us, SageMaker for one, is what was released or nothing."""
    if sha256 is not None and (read := hashlib.sha256(found.content).hexdigest()) != sha256:
        raise Corrupt(
            "LD421",
            f"the model {path} hashes to {read[:12]}, and {sha256[:12]} was released",
            "do not serve it: restore the object, or roll back",
        )


def _in_place(stream: BinaryIO, path: str) -> ModelFile | None:
    """None where somebody could write it while it is served."""
    is_large = os.fstat(stream.fileno()).st_size >= _SMALL_BYTES
    if is_large and os.fstatvfs(stream.fileno()).f_flag & os.ST_RDONLY:
        return ModelFile(mmap(stream.fileno(), 0, access=ACCESS_READ), Path(path).resolve())
    return None


class _Shelf:
    """Room for one model: in a folder of its own, or in memory."""

    def __init__(self, scratch: str) -> None:
        self._folder = Path(scratch, f"ladle-{os.urandom(8).hex()}")
        self._room: BinaryIO = BytesIO()

    def make_room(self, bytes_: int) -> BinaryIO:
        """Empty, also when it is asked for again."""
        self.clear()
        self._room = BytesIO()
        if bytes_ >= _SMALL_BYTES:
            with suppress(OSError):  # read-only, or full: then memory
                self._room = self._file(bytes_)
        return self._room

    def _file(self, bytes_: int) -> BinaryIO:
        self._folder.mkdir(mode=0o700)
        file = (self._folder / "model").open("xb+")
        try:
            if hasattr(os, "posix_fallocate"):  # not on macOS
                os.posix_fallocate(file.fileno(), 0, bytes_)
        except OSError:
            file.close()
            raise
        return file

    def copy(self, stream: BinaryIO) -> ModelFile:
        room = self.make_room(os.fstat(stream.fileno()).st_size)
        while chunk := stream.read(_CHUNK_BYTES):
            room.write(chunk)
        return self.model()

    def model(self) -> ModelFile:
        if isinstance(self._room, BytesIO):
            return ModelFile(self._room.getvalue(), None)
        self._room.flush()
        mapped = mmap(self._room.fileno(), self._room.tell(), access=ACCESS_READ)
        return ModelFile(mapped, self._folder / "model")

    def clear(self) -> None:
        """What is mapped stays mapped."""
        self._room.close()
        with suppress(OSError):
            (self._folder / "model").unlink(missing_ok=True)
            self._folder.rmdir()
