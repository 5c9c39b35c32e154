"""A secret is named by a reference; its value is read where it is used, never written anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_ARN = r"arn:aws[a-z-]*:{service}:(?P<region>[a-z0-9-]+):[0-9]{{12}}:"
_SUFFIX = r"(?:\?kms=(?P<kms>arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[\w-]+))?(?:#(?P<field>[\w.-]+))?"
_SECRET = r"[\w/+=.@-]{1,512}"
_PARAMETER = r"/?[\w/.-]{1,1011}"
_FORMS = (
    rf"(?P<name>{_ARN.format(service='secretsmanager')}secret:{_SECRET}){_SUFFIX}",
    rf"secretsmanager:(?P<name>{_SECRET}){_SUFFIX}",
    rf"(?P<name>{_ARN.format(service='ssm')}parameter/[\w/.-]{{1,1011}}){_SUFFIX}",
    rf"ssm:(?P<name>{_PARAMETER}){_SUFFIX}",
)
EXAMPLE = "secretsmanager:prod/fraud#password"


class SecretService(StrEnum):
    SECRETS_MANAGER = "secretsmanager"
    PARAMETERS = "ssm"


@dataclass(frozen=True, slots=True)
class SecretReference:
    """``name`` is a name or an ARN, ``field`` one of a secret that is a JSON object; ``kms_arn`` is
    the key of yours that encrypts it, ``region`` where it is when that is another one.
    """

    service: SecretService
    name: str
    field: str | None
    kms_arn: str | None
    region: str | None

    @property
    def is_arn(self) -> bool:
        return self.name.startswith("arn:")

    @classmethod
    def parse(cls, text: str) -> SecretReference | None:
        """None when it is no reference; the text is then shown to nobody, since it may be a secret."""
        for form in _FORMS:
            if found := re.fullmatch(form, text, re.ASCII):
                service = SecretService.SECRETS_MANAGER
                if text.startswith("ssm:") or ":ssm:" in text.partition("?")[0]:
                    service = SecretService.PARAMETERS
                said = found.groupdict()
                return cls(service, said["name"], said["field"], said["kms"], said.get("region"))
        return None
