"""The master key never leaves the functions of the platform: models get keys derived from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ladle import names
from ladle.aws.faults import code_of

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class MasterKey:
    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def read(self) -> bytes:
        return self._client.get_secret_value(SecretId=names.MASTER_SECRET)["SecretString"].encode()

    def read_all(self) -> Sequence[bytes]:
        """The newest first; after a rotation also the one before it."""
        try:
            older = self._client.get_secret_value(
                SecretId=names.MASTER_SECRET, VersionStage="AWSPREVIOUS"
            )
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return (self.read(),)
        return self.read(), older["SecretString"].encode()
