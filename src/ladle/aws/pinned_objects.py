"""An object of S3 is read at one version: what it was when somebody pinned it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle.aws.faults import asking, code_of
from ladle.digest import CHUNK_BYTES
from ladle.errors import LadleError, NotFound

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


@dataclass(frozen=True, slots=True)
class FetchedObject:
    version_id: str
    etag: str
    kms_key: str | None


def fetch_object(client: S3Client, bucket: str, key: str, to: Path) -> FetchedObject:
    """Its newest version, into the file ``to``. Raises LD271 where there is none."""
    address = f"s3://{bucket}/{key}"
    with asking(f"for {address}"):
        try:
            answer = client.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if code_of(error) in _ABSENT:
                raise NotFound("LD271", f"there is no {address}", "correct the address") from error
            raise
        version = answer.get("VersionId", "null")
        if version == "null":  # also of what was there before versions were kept
            raise LadleError(
                "LD271",
                f"the bucket {bucket} keeps no versions, so {address} may be another model tomorrow",
                "switch versioning on and upload it again: aws s3api put-bucket-versioning "
                f"--bucket {bucket} --versioning-configuration Status=Enabled",
            )
        with to.open("wb") as copy:
            copy.writelines(answer["Body"].iter_chunks(CHUNK_BYTES))
    return FetchedObject(version, answer["ETag"].strip('"'), answer.get("SSEKMSKeyId"))
