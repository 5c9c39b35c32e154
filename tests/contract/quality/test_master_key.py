"""The master key and the one before it, of an account that rotates and of one that never did."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from ladle import names
from ladle.aws.master_key import MasterKey
from ladle.aws.session import AwsSession


@pytest.fixture
def session() -> Iterator[AwsSession]:
    with mock_aws():
        session = AwsSession("eu-west-1")
        session.secrets.create_secret(Name=names.MASTER_SECRET, SecretString="first")
        yield session


def test_a_secret_that_was_never_rotated_is_one_key(session: AwsSession) -> None:
    assert MasterKey(session.secrets).read_all() == (b"first",)


def test_after_a_rotation_the_key_before_is_known_too(session: AwsSession) -> None:
    session.secrets.put_secret_value(SecretId=names.MASTER_SECRET, SecretString="second")
    assert MasterKey(session.secrets).read_all() == (b"second", b"first")
