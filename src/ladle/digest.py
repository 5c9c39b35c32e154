"""A content hash is a value of its own type: sha256, written ``sha256:<64 hex>``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

PREFIX = "sha256:"
CHUNK_BYTES = 1 << 20

# Any value that json.dumps takes; spelled loosely since mypy has no recursive frozen JSON type.
Json = object


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """sha256 of some content, as 64 lower-case hex digits."""

    hex: str

    def __post_init__(self) -> None:
        if len(self.hex) != 64 or self.hex.strip("0123456789abcdef"):
            raise ValueError(f"not a sha256 in lower-case hex: {self.hex[:80]!r}")

    def __str__(self) -> str:
        return PREFIX + self.hex

    @property
    def short(self) -> str:
        """Twelve digits: enough for a person, never an identity."""
        return self.hex[:12]

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Reads ``sha256:<hex>``; raises ValueError for anything else."""
        if not text.startswith(PREFIX):
            raise ValueError(f"a digest is written sha256:<64 hex>, got {text[:80]!r}")
        return cls(text[len(PREFIX) :])


def of_bytes(content: bytes | bytearray | memoryview) -> Digest:
    return Digest(hashlib.sha256(content).hexdigest())


def name_of(content: bytes | bytearray | memoryview) -> str:
    """As ``str(of_bytes(content))``, for what is hashed many thousand times."""
    return PREFIX + hashlib.sha256(content).hexdigest()


def of_stream(stream: BinaryIO) -> tuple[Digest, int]:
    """Digest and length in bytes of what is left in ``stream``; reads 1 MiB at a time."""
    hasher, length = hashlib.sha256(), 0
    while chunk := stream.read(CHUNK_BYTES):
        hasher.update(chunk)
        length += len(chunk)
    return Digest(hasher.hexdigest()), length


def canonical_json(value: Json) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8, no NaN.

    Equal to RFC 8785 for what Ladle stores: strings, booleans, integers below 2**53 and floats
    whose shortest form Python and ECMAScript share; ``tests/unit/test_digest.py`` holds the range.
    """
    text = json.dumps(
        value,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return text.encode("utf-8")


def of_json(value: Json) -> Digest:
    return of_bytes(canonical_json(value))


def of_named(parts: Iterable[tuple[str, Digest]]) -> Digest:
    """One digest for a set of named parts, independent of their order."""
    return of_json({name: str(digest) for name, digest in parts})


def hex_of(text: str) -> str:
    """The 64 digits of a digest that is written with its prefix or without."""
    return Digest(text.removeprefix(PREFIX)).hex
