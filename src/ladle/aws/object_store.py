"""Objects in S3, named by content: created only if absent, checksum declared, read by version."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import (
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from ladle import names
from ladle.aws.faults import asking, code_of
from ladle.digest import CHUNK_BYTES, Digest
from ladle.errors import Conflict, Corrupt, LadleError, NotFound, Unavailable
from ladle.experiments.manifest import Locator
from ladle.experiments.verified import Source, verified
from ladle.ports import Health, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIMIT_BYTES = 5 * 10**9  # one PUT; S3 keeps a whole-object SHA-256 for these only
_READS = 3
_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion", "404", "NotFound", "MethodNotAllowed"})
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_WRONG_BYTES = frozenset({"BadDigest", "XAmzContentChecksumMismatch"})


class S3ObjectStore:
    """The ObjectStore of an ``aws:`` or ``embedded:`` workspace; its bucket is versioned."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_if_absent(self, digest: Digest, content: Path | bytes | bytearray) -> Locator:
        try:
            return self._put(digest, content, {"IfNoneMatch": "*"})
        except Conflict:
            # A key that holds other bytes (overwritten) is mended by a version with the right ones.
            return self.locate(digest) or self._put(digest, content, {})

    def open(self, digest: Digest, locator: Locator | None = None) -> BinaryIO:
        key = locator.key if locator else names.object_key(digest.hex)
        with asking(f"for object {digest.short}"):
            answer = self._get(digest, locator, {})
        return verified(_Body(answer["Body"], digest), digest, f"s3://{self._bucket}/{key}")

    def locate(self, digest: Digest) -> Locator | None:
        """None also when the key holds other bytes now."""
        health, version = self._state(digest, None)
        return Locator(names.object_key(digest.hex), version) if health is Health.RIGHT else None

    def check(self, digest: Digest, locator: Locator | None = None, deep: bool = False) -> Health:
        health, version = self._state(digest, None, deep)
        named = locator.version_id if locator else None
        if health is Health.RIGHT and named not in (None, version):
            return self._state(digest, named, deep)[0]
        return health

    def _state(
        self, digest: Digest, version_id: str | None, deep: bool = False
    ) -> tuple[Health, str | None]:
        """Of one version, or of the newest; with the version that it is of."""
        key = names.object_key(digest.hex)
        version: Any = {"VersionId": version_id} if version_id else {}
        with asking(f"for object {digest.short}"):
            try:
                head = self._client.head_object(
                    Bucket=self._bucket, Key=key, ChecksumMode="ENABLED", **version
                )
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return Health.MISSING, None
                raise
        found = Locator(key, head.get("VersionId"))
        stated = None if deep else head.get("ChecksumSHA256")
        right = self._is_right(digest, found, stated)
        return Health.RIGHT if right else Health.ALTERED, found.version_id

    def read(
        self, digest: Digest, start: int, length: int, locator: Locator | None = None
    ) -> bytes:
        if length == 0:
            return b""
        span = f"bytes={start}-{start + length - 1}"
        # The SDK asks again before an answer begins, not when it breaks off.
        for _ in range(_READS):
            with asking(f"for a part of object {digest.short}"):
                answer = self._get(digest, locator, {"Range": span})
            with contextlib.suppress(ResponseStreamingError, ReadTimeoutError, IncompleteReadError):
                content: bytes = answer["Body"].read()
                return content if "ContentRange" in answer else content[start : start + length]
        raise Unavailable(
            "LD314", f"the answer for a part of object {digest.short} broke off", "try again"
        )

    def stored(self) -> Iterator[StoredObject]:
        with asking("for the list of objects"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{names.OBJECTS}/"
            )
            for page in pages:
                for row in page.get("Contents", ()):
                    digest = Digest(row["Key"].rpartition("/")[2])
                    yield StoredObject(digest, row["Size"], row["LastModified"].timestamp())

    def remove(self, digest: Digest) -> None:
        with asking(f"to remove object {digest.short}"):
            self._client.delete_object(Bucket=self._bucket, Key=names.object_key(digest.hex))

    def restore(self, digest: Digest) -> bool:
        """Deletes the delete markers, or copies the newest version that is right: no bytes are sent."""
        key = names.object_key(digest.hex)
        for marker in self._versions(key, "DeleteMarkers"):
            self._delete_version(key, marker["VersionId"])
        if self.locate(digest) is not None:
            return True
        for version in self._versions(key, "Versions"):
            if self._state(digest, version["VersionId"])[0] is Health.RIGHT:
                self._copy(key, version["VersionId"])
                return self.locate(digest) is not None
        return False

    def _copy(self, key: str, version_id: str) -> None:
        with asking(f"to restore {key}"):
            self._client.copy_object(
                Bucket=self._bucket,
                Key=key,
                CopySource={"Bucket": self._bucket, "Key": key, "VersionId": version_id},
                ChecksumAlgorithm="SHA256",
                MetadataDirective="REPLACE",
            )

    def forget(self, digest: Digest) -> None:
        """A rule of the bucket lets old versions go."""

    def erase(self, digest: Digest) -> None:
        key = names.object_key(digest.hex)
        for kind in ("Versions", "DeleteMarkers"):
            for version in self._versions(key, kind):
                self._delete_version(key, version["VersionId"])

    def _versions(self, key: str, kind: str) -> list[Any]:
        with asking(f"for the versions of {key}"):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=key
            )
            found: list[Any] = [r for page in pages for r in cast("Any", page).get(kind, ())]
            return [row for row in found if row["Key"] == key]

    def _delete_version(self, key: str, version_id: str) -> None:
        with asking(f"to delete a version of {key}"):
            self._client.delete_object(Bucket=self._bucket, Key=key, VersionId=version_id)

    def _get(self, digest: Digest, locator: Locator | None, more: dict[str, Any]) -> Any:
        key = locator.key if locator else names.object_key(digest.hex)
        version: Any = {"VersionId": locator.version_id} if locator and locator.version_id else {}
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key, **version, **more)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise self._missing(digest) from error
            raise

    def _put(
        self, digest: Digest, content: Path | bytes | bytearray, condition: dict[str, Any]
    ) -> Locator:
        """Raises Conflict when the condition fails. S3 itself refuses bytes of another checksum."""
        key = names.object_key(digest.hex)
        with asking(f"to keep object {digest.short}"), _opened(content) as body:
            try:
                answer = self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=cast("IO[bytes] | bytes", body),
                    ChecksumSHA256=_checksum(digest),
                    **condition,
                )
            except ClientError as error:
                if code_of(error) in _TAKEN:
                    raise Conflict("LD303", f"{key} is taken", "locate it") from error
                if code_of(error) in _WRONG_BYTES:
                    raise _changed(digest, content) from error
                raise
        return Locator(key, answer.get("VersionId"))

    def _is_right(self, digest: Digest, locator: Locator, stated: str | None) -> bool:
        """By the checksum that S3 states; what was written without one has to be read."""
        if stated is not None:
            return stated == _checksum(digest)
        try:
            with self.open(digest, locator) as stream:
                while stream.read(CHUNK_BYTES):
                    pass
        except Corrupt:
            return False
        return True

    def _missing(self, digest: Digest) -> NotFound:
        return NotFound(
            "LD311",
            f"the store s3://{self._bucket} has no object {digest.short}",
            "record the experiment again from its files",
        )


class _Body:
    """S3's answer as a source; a line that breaks in the middle is told as Unavailable."""

    def __init__(self, source: Source, digest: Digest) -> None:
        self._source = source
        self._digest = digest

    def read(self, size: int, /) -> bytes:
        with asking(f"for the bytes of {self._digest.short}"):
            return self._source.read(size)

    def close(self) -> None:
        self._source.close()


def _checksum(digest: Digest) -> str:
    return base64.b64encode(bytes.fromhex(digest.hex)).decode()


@contextlib.contextmanager
def _opened(content: Path | bytes | bytearray) -> Iterator[BinaryIO | bytes | bytearray]:
    """Bytes as they are: they are sent in one piece, a stream in pieces of 16 KiB."""
    if not isinstance(content, Path):
        yield content
        return
    if content.stat().st_size > LIMIT_BYTES:
        raise LadleError(
            "LD315",
            f"{content} has {content.stat().st_size:,} bytes, more than one S3 upload takes (5 GB)",
            "split it into several files and record those",
        )
    with content.open("rb") as body:
        yield body


def _changed(digest: Digest, content: Path | bytes | bytearray) -> Corrupt:
    name = str(content) if isinstance(content, Path) else f"an object of {len(content):,} bytes"
    return Corrupt(
        "LD316",
        f"{name} is not what was hashed a moment ago ({digest.short}): it changed while it was "
        "recorded",
        "record again when nothing writes to it",
    )
