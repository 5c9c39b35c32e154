"""Files of labels in S3: what is read is the version that was named, of this account."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from ladle.aws.label_objects import open_object
from ladle.aws.session import AwsSession
from ladle.errors import NotFound

BUCKET, KEY = "a-store", "labels/fraud/monday.csv"


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        session = AwsSession("us-east-1")
        session.s3.create_bucket(Bucket=BUCKET)
        session.s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
        yield session


def test_an_object_is_read_and_can_be_sought_in(session: AwsSession) -> None:
    session.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"0123456789")
    with open_object(session.s3, session.account, BUCKET, KEY) as file:
        file.seek(-3, 2)
        assert file.read() == b"789"


def test_a_version_that_was_overwritten_is_read_as_it_was(session: AwsSession) -> None:
    first = session.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"first")["VersionId"]
    session.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"second")
    with open_object(session.s3, session.account, BUCKET, KEY, first) as file:
        assert file.read() == b"first"


@pytest.mark.parametrize(("bucket", "key"), [(BUCKET, "no/such.csv"), ("no-such-bucket", KEY)])
def test_what_is_not_there_is_said(session: AwsSession, bucket: str, key: str) -> None:
    with pytest.raises(NotFound, match="LD616"):
        open_object(session.s3, session.account, bucket, key)
