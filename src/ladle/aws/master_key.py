"""The master key never leaves the functions of the platform: models get keys derived from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ladle import names

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class MasterKey:
    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def read(self) -> bytes:
        return self._client.get_secret_value(SecretId=names.MASTER_SECRET)["SecretString"].encode()
