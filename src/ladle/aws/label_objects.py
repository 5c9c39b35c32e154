"""A file of labels in S3 is read from a bucket of this account only."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from ladle.aws.faults import asking, code_of
from ladle.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_IN_MEMORY_BYTES = 16 << 20


def open_object(
    client: S3Client, account: str, bucket: str, key: str, version: str | None = None
) -> BinaryIO:
    """A copy of its own that can be sought in, as Parquet needs. Raises NotFound LD616."""
    exactly: Any = {"VersionId": version} if version else {}
    with asking("for a file of labels"):
        try:
            answer = client.get_object(
                Bucket=bucket, Key=key, ExpectedBucketOwner=account, **exactly
            )
        except ClientError as error:
            if code_of(error) not in {"NoSuchKey", "NoSuchBucket", "NoSuchVersion"}:
                raise
            raise NotFound(
                "LD616", f"there is no s3://{bucket}/{key}", "correct the address of the file"
            ) from error
        copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - returned
        shutil.copyfileobj(answer["Body"], copy)
    copy.seek(0)
    return cast("BinaryIO", copy)
