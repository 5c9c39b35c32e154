"""What a deploy asks to make a release of what it deployed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ladle.digest import Digest


class FunctionVersions(Protocol):
    """Published versions of a model's function, known by their release digest's 64 hex digits."""

    def find(self, model: str, release_hex: str) -> int | None:
        """The newest retained version that carries this digest."""

    def publish(self, model: str, release_hex: str, code_sha256: str | None) -> int:
        """Freezes what is deployed now as a version; unchanged since the last one, returns that.

        Raises LadleError LD221 when what is deployed now is not what was wanted: another deploy
        was faster.
        """

    def wait_until_active(self, model: str, release: int) -> None:
        """Raises LadleError LD222 when the version cannot start."""

    def create_alias_if_absent(self, model: str, release: int) -> str:
        """The alias's ARN; an alias that exists is left as it is."""

    def digest_of(self, model: str, release: int) -> str | None: ...

    def in_alias(self, model: str) -> frozenset[int]: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""


class ReleaseAlarms(Protocol):
    """One alarm of the platform's own on each release's invocation errors."""

    def ensure(self, model: str, release: int, topic_arn: str) -> None: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""

    def delete_all(self, model: str) -> None: ...


class StackReader(Protocol):
    def is_rolling_back(self, stack_id: str) -> bool:
        """Whether the deploy that asks is being undone."""


@dataclass(frozen=True, slots=True)
class StoredCopy:
    version_id: str
    sha256: str


class BundleStore(Protocol):
    """Where a release's own copy of its model lies; written once, read by exact version."""

    def find(self, key: str) -> StoredCopy | None: ...

    def fetch(self, bucket: str | None, key: str, version_id: str | None, to: Path) -> Digest:
        """Downloads (``bucket`` None is the store's own) and hashes. Raises NotFound."""

    def put_if_absent(self, key: str, content: Path, digest: Digest) -> StoredCopy: ...

    def delete(self, prefix: str) -> None:
        """Idempotent."""
