"""Objects in a folder, one file each, named by what they contain."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ladle import digest as digests
from ladle import names
from ladle.digest import Digest
from ladle.disk.durable import new_file
from ladle.errors import Corrupt, NotFound
from ladle.experiments.manifest import Locator
from ladle.experiments.verified import verified


class DiskObjectStore:
    """The ObjectStore of a ``dir:`` workspace. It keeps no versions, so a locator has none."""

    def __init__(self, root: Path) -> None:
        self._root = root / "objects"

    def put_if_absent(self, digest: Digest, content: Path | bytes) -> Locator:
        key = names.object_key(digest.hex)
        if not self._holds(digest):
            with new_file(self._root / key) as file, _opened(content) as source:
                hasher = hashlib.sha256()
                while chunk := source.read(digests.CHUNK_BYTES):
                    hasher.update(chunk)
                    file.write(chunk)
                if hasher.hexdigest() != digest.hex:
                    raise Corrupt(
                        "LD316",
                        f"{_name(content)} is not what was hashed a moment ago ({digest.short}): "
                        "it changed while it was recorded",
                        "record again when nothing writes to it",
                    )
        return Locator(key, None)

    def open(self, digest: Digest, locator: Locator | None = None) -> BinaryIO:
        path = self._root / (locator.key if locator else names.object_key(digest.hex))
        try:
            return verified(path.open("rb"), digest, str(path))
        except FileNotFoundError as error:
            raise NotFound(
                "LD311",
                f"the store has no object {digest.short}: {path} does not exist",
                "record the experiment again from its files",
            ) from error

    def locate(self, digest: Digest) -> Locator | None:
        key = names.object_key(digest.hex)
        return Locator(key, None) if (self._root / key).is_file() else None

    def _holds(self, digest: Digest) -> bool:
        """An object that was damaged is not there: the next put mends it."""
        try:
            with (self._root / names.object_key(digest.hex)).open("rb") as file:
                return digests.of_stream(file)[0] == digest
        except FileNotFoundError:
            return False


@contextmanager
def _opened(content: Path | bytes) -> Iterator[BinaryIO]:
    with content.open("rb") if isinstance(content, Path) else io.BytesIO(content) as source:
        yield source


def _name(content: Path | bytes) -> str:
    return str(content) if isinstance(content, Path) else f"an object of {len(content):,} bytes"
