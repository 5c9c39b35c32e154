"""Images by digest, and who builds one where this machine cannot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ImageManifest:
    """``content`` to the byte, since ``digest`` is its hash."""

    digest: str
    media_type: str
    content: str


class ImageRegistry(Protocol):
    """One repository of images."""

    def find(self, tag: str) -> ImageManifest | None: ...

    def manifest(self, digest: str) -> ImageManifest:
        """Raises NotFound LD262."""

    def has_blob(self, digest: str) -> bool: ...

    def read_blob(self, digest: str) -> Iterator[bytes]:
        """As they lie there; who reads them hashes them."""

    def put_blob(self, digest: str, content: Iterable[bytes]) -> None:
        """Nothing is kept of one whose reading fails. Idempotent."""

    def put_manifest(self, manifest: ImageManifest, tag: str | None) -> None:
        """Idempotent. Raises Conflict LD262 where the tag names another image."""


@dataclass(frozen=True, slots=True)
class ImageSource:
    """What an image is built from; ``tag`` is the hash of all of it."""

    tag: str
    folder: Path
    platform: str
    arguments: Mapping[str, str] = field(default_factory=dict)


class ImageBuilder(Protocol):
    def build(self, source: ImageSource) -> None:
        """Leaves the image in the repository under its tag. Raises LD263 with the last lines of its log."""
