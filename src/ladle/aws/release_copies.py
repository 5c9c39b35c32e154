"""Releases' copies of models in S3: every version of them, known by the hash kept beside each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from ladle import names
from ladle.aws.bundle_store import sha256_of
from ladle.aws.faults import asking
from ladle.digest import PREFIX
from ladle.ports import ReleaseCopy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3ReleaseCopies:
    """The ReleaseCopies of an ``aws:`` or ``embedded:`` workspace."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def holding(self, digests: Collection[str]) -> Sequence[ReleaseCopy]:
        with asking("for the releases' copies of models"):
            return [copy for copy in self._all() if copy.digest in digests]

    def destroy(self, copy: ReleaseCopy) -> None:
        with asking(f"to destroy {copy.key}"):
            self._client.delete_object(
                Bucket=self._bucket, Key=copy.key, VersionId=str(copy.version_id)
            )

    def _all(self) -> Iterator[ReleaseCopy]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=f"{names.RELEASES}/"
        )
        for page in pages:
            for row in cast("Any", page).get("Versions", ()):
                which: Any = {"Key": row["Key"], "VersionId": row["VersionId"]}
                head = self._client.head_object(Bucket=self._bucket, **which)
                _, model, release, *_ = row["Key"].split("/")
                digest = PREFIX + sha256_of(head)
                yield ReleaseCopy(model, release, digest, row["Key"], row["VersionId"])
