"""What a deploy asks to make a release of what it deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ladle.digest import Digest


class ReleaseVersions(Protocol):
    """What a target keeps of each release, unchangeable, known by its digest's 64 hex digits.

    None of this waits for machines: what takes minutes to start is the controller's to wait for.
    """

    def find(self, model: str, release_hex: str) -> int | None:
        """The newest retained version that carries this digest."""

    def publish(self, model: str, release_hex: str, serving: Mapping[str, Any], newest: int) -> int:
        """Freezes what the deploy asks for as a version; unchanged since the last one, returns that.

        ``serving`` is what the target's own stack says of it; ``newest`` the highest number that
        the ledger ever knew, for targets that do not number versions themselves. Raises LadleError
        LD221 when what is deployed now is not what was wanted: another deploy was faster.
        """

    def wait_until_active(self, model: str, release: int) -> None:
        """Raises LadleError LD222 when the version cannot start."""

    def keep_warm(self, model: str, release: int, serving: Mapping[str, Any]) -> None:
        """As many instances as the deploy asks for wait for requests: of the release that is handed
        over, of those with traffic, and of no other. Idempotent. Raises LadleError LD236.
        """

    def open_if_absent(
        self, model: str, release: int, serving: Mapping[str, Any]
    ) -> Mapping[str, str]:
        """Gives all traffic to ``release`` where there is none yet; else leaves everything as it is.

        Returns what the rest of the stack may refer to: the alias's ARN, for one.
        """

    def digest_of(self, model: str, release: int) -> str | None: ...

    def digests(self, model: str) -> frozenset[str]:
        """Of all that is retained."""

    def with_traffic(self, model: str) -> frozenset[int]: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""

    def delete_all(self, model: str) -> None:
        """What the end of the stack would leave behind. Idempotent."""


class ReleaseAlarms(Protocol):
    """One alarm of the platform's own on each release's invocation errors."""

    def ensure(self, model: str, release: int, topic_arn: str) -> None: ...

    def delete(self, model: str, release: int) -> None:
        """Idempotent."""

    def delete_all(self, model: str, but: Collection[int] = ()) -> None:
        """Of all releases but these."""


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
