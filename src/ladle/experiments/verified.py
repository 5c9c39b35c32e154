"""A stream that ends in Corrupt when its bytes are not what their digest promises."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import BinaryIO, Protocol, cast

from ladle.digest import CHUNK_BYTES, Digest
from ladle.errors import Corrupt


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> object: ...


class _Verified(io.RawIOBase):
    """Hashes what passes; the end is where it is known whether all of it was right."""

    def __init__(self, source: Source, digest: Digest, broken: Callable[[], Exception]) -> None:
        self._source = source
        self._digest = digest
        self._broken = broken
        self._hasher = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._source.read(len(buffer))
        if not chunk and self._hasher.hexdigest() != self._digest.hex:
            raise self._broken()
        self._hasher.update(chunk)
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._source.close()
        super().close()


def verified(source: Source, digest: Digest, place: str) -> BinaryIO:
    """``source`` with its promise kept: read it to the end before trusting a byte of it."""

    def broken() -> Exception:
        return Corrupt(
            "LD312",
            f"{place} does not hold the bytes of {digest.short}: it was overwritten or damaged",
            "record the experiment again from its files: the store then takes the right bytes",
        )

    raw = _Verified(source, digest, broken)
    return cast("BinaryIO", io.BufferedReader(raw, buffer_size=CHUNK_BYTES))
