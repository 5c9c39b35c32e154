"""Bundles in S3: written once under a condition, read by exact version, named by their content."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ladle.aws.faults import asking
from ladle.digest import CHUNK_BYTES, Digest
from ladle.errors import NotFound
from ladle.ports import StoredCopy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SHA256 = "sha256"  # metadata key: S3's own checksum of a multipart object is no content hash
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket"}


def sha256_of(head: Any) -> str:
    """What a HEAD of a bundle says; "unknown" of an object that is none of ours."""
    return str(head["Metadata"].get(_SHA256, "unknown"))


class AwsBundleStore:
    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def find(self, key: str) -> StoredCopy | None:
        with asking(f"for {key}"):
            try:
                head = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
        return StoredCopy(head["VersionId"], sha256_of(head))

    def fetch(self, bucket: str | None, key: str, version_id: str | None, to: Path) -> Digest:
        which: Any = {"VersionId": version_id} if version_id else {}
        bucket, hasher = bucket or self._bucket, hashlib.sha256()
        with asking(f"for {key}"):
            try:
                body = self._client.get_object(Bucket=bucket, Key=key, **which)["Body"]
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    absent = f"there is no {key} in S3"
                    raise NotFound("LD226", absent, "record it again") from error
                raise
            with to.open("wb") as file:
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    hasher.update(chunk)
                    file.write(chunk)
        return Digest(hasher.hexdigest())

    def put_if_absent(self, key: str, content: Path, digest: Digest) -> StoredCopy:
        with asking(f"to keep {key}"):
            try:
                with content.open("rb") as body:
                    put = self._client.put_object(
                        Bucket=self._bucket,
                        Key=key,
                        Body=body,
                        IfNoneMatch="*",
                        ChecksumSHA256=base64.b64encode(bytes.fromhex(digest.hex)).decode(),
                        Metadata={_SHA256: digest.hex},
                    )
            except ClientError as error:
                found = self.find(key)
                # Somebody else made the copy a moment ago: 412, or 409 while theirs was on its way.
                status = error.response["ResponseMetadata"]["HTTPStatusCode"]
                if found is None or status not in (409, 412):
                    raise
                return found
        return StoredCopy(put["VersionId"], digest.hex)

    def delete(self, prefix: str) -> None:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                self._client.delete_object(Bucket=self._bucket, Key=entry["Key"])
