"""Objects in a folder, one file each, named by what they contain."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ladle import digest as digests
from ladle import names
from ladle.digest import Digest
from ladle.disk.durable import new_file
from ladle.errors import Corrupt, NotFound, cannot_write
from ladle.experiments.manifest import Locator
from ladle.experiments.verified import verified
from ladle.ports import Health, StoredObject

Block = bytes | bytearray


class DiskObjectStore:
    """The ObjectStore of a ``dir:`` workspace. It keeps no versions, so a locator has none."""

    def __init__(self, root: Path) -> None:
        self._root = root / "objects"

    def put_if_absent(self, digest: Digest, content: Path | bytes | bytearray) -> Locator:
        key = names.object_key(digest.hex)
        if not self._holds(digest):
            with _blocks(content) as blocks:
                try:
                    self._write(self._root / key, digest, blocks, _name(content))
                except OSError as error:
                    raise cannot_write(self._root, error) from error
        return Locator(key, None)

    def _write(self, path: Path, digest: Digest, blocks: Iterable[Block], name: str) -> None:
        with new_file(path) as file:
            hasher = hashlib.sha256()
            for block in blocks:
                hasher.update(block)
                file.write(block)
            if hasher.hexdigest() != digest.hex:
                raise Corrupt(
                    "LD316",
                    f"{name} is not what was hashed a moment ago ({digest.short}): it changed "
                    "while it was recorded",
                    "record again when nothing writes to it",
                )

    def open(self, digest: Digest, locator: Locator | None = None) -> BinaryIO:
        path = self._root / (locator.key if locator else names.object_key(digest.hex))
        try:
            return verified(path.open("rb"), digest, str(path))
        except FileNotFoundError as error:
            raise _missing(digest, path) from error

    def locate(self, digest: Digest) -> Locator | None:
        key = names.object_key(digest.hex)
        return Locator(key, None) if (self._root / key).is_file() else None

    def read(
        self, digest: Digest, start: int, length: int, locator: Locator | None = None
    ) -> bytes:
        path = self._root / (locator.key if locator else names.object_key(digest.hex))
        try:
            with path.open("rb") as file:
                file.seek(start)
                return file.read(length)
        except FileNotFoundError as error:
            raise _missing(digest, path) from error

    def stored(self) -> Iterator[StoredObject]:
        for path in sorted((self._root / names.OBJECTS).glob("*/*")):
            if not path.name.startswith("."):
                status = path.stat()
                yield StoredObject(Digest(path.name), status.st_size, status.st_mtime)

    def remove(self, digest: Digest) -> None:
        self._move(self._path(digest), self._removed(digest))

    def restore(self, digest: Digest) -> bool:
        if not self._path(digest).is_file():
            self._move(self._removed(digest), self._path(digest))
        return self._path(digest).is_file()

    def forget(self, digest: Digest) -> None:
        self._removed(digest).unlink(missing_ok=True)

    def check(self, digest: Digest, locator: Locator | None = None, deep: bool = False) -> Health:
        """A folder states no checksum: its bytes are read."""
        if not self._path(digest).is_file():
            return Health.MISSING
        return Health.RIGHT if self._holds(digest) else Health.ALTERED

    def erase(self, digest: Digest) -> None:
        for path in (self._path(digest), self._removed(digest)):
            path.unlink(missing_ok=True)

    def _path(self, digest: Digest) -> Path:
        return self._root / names.object_key(digest.hex)

    def _removed(self, digest: Digest) -> Path:
        return self._root / "removed" / digest.hex

    def _move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            os.replace(source, target)

    def _holds(self, digest: Digest) -> bool:
        """An object that was damaged is not there: the next put mends it."""
        try:
            with (self._root / names.object_key(digest.hex)).open("rb") as file:
                return digests.of_stream(file)[0] == digest
        except FileNotFoundError:
            return False


@contextmanager
def _blocks(content: Path | bytes | bytearray) -> Iterator[Iterable[Block]]:
    if not isinstance(content, Path):
        yield [content]
        return
    with content.open("rb") as file:
        yield iter(lambda: file.read(digests.CHUNK_BYTES), b"")


def _name(content: Path | bytes | bytearray) -> str:
    return str(content) if isinstance(content, Path) else f"an object of {len(content):,} bytes"


def _missing(digest: Digest, path: Path) -> NotFound:
    return NotFound(
        "LD311",
        f"the store has no object {digest.short}: {path} does not exist",
        "record the experiment again from its files",
    )
