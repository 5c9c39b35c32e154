"""A credential in a config is refused, and its characters are never shown again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Issuer -> how its keys look. Prefixes that issuers publish so that scanners can find them.
SHAPES: dict[str, str] = {
    "an AWS access key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\bgh[pousr]_[0-9A-Za-z]{36,}|\bgithub_pat_[0-9A-Za-z_]{40,}",
    "a GitLab token": r"\bgl(?:pat|dt|rt|cbt)-[0-9A-Za-z_\-]{20,}",
    "a Slack token": r"\bxox[abeoprs]-[0-9A-Za-z\-]{10,}|\bxapp-[0-9A-Za-z\-]{10,}",
    "a Slack webhook": r"hooks\.slack\.com/services/[0-9A-Za-z/]{20,}",
    "a Stripe key": r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
    "an OpenAI or Anthropic key": r"\bsk-(?:ant-|proj-)?[0-9A-Za-z_\-]{20,}",
    "a Google API key": r"\bAIza[0-9A-Za-z_\-]{35}",
    "a Google OAuth secret": r"\bGOCSPX-[0-9A-Za-z_\-]{20,}",
    "a Hugging Face token": r"\bhf_[0-9A-Za-z]{30,}",
    "an npm token": r"\bnpm_[0-9A-Za-z]{36}",
    "a PyPI token": r"\bpypi-AgE[0-9A-Za-z_\-]{20,}",
    "a SendGrid key": r"\bSG\.[0-9A-Za-z_\-]{16,}\.[0-9A-Za-z_\-]{16,}",
    "a Twilio key": r"\bSK[0-9a-f]{32}\b",
    "a DigitalOcean token": r"\bdo[oprt]_v1_[0-9a-f]{40,}",
    "a Shopify token": r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    "a Databricks token": r"\bdapi[0-9a-f]{32}",
    "a Telegram bot token": r"\b[0-9]{8,10}:AA[0-9A-Za-z_\-]{33}",
    "a signed web token": r"\beyJ[0-9A-Za-z_\-]{10,}\.eyJ[0-9A-Za-z_\-]{10,}\.[0-9A-Za-z_\-]*",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----",
    "an Azure storage key": r"\bAccountKey=[0-9A-Za-z+/=]{40,}",
    "a password in an address": r"\b[a-z][a-z0-9+.\-]*://[^\s:/@\"']+:[^\s:/@\"']{3,}@",
}
_ANY = re.compile("|".join(f"({shape})" for shape in SHAPES.values()))
_ISSUERS = tuple(SHAPES)
_SECRET_NAME = re.compile(
    r"(?:SECRET|TOKEN(?!I[SZ])|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL)", re.I
)
_PASSWORD_NAME = re.compile(r"PASSWORD|PASSWD", re.I)
_PASSWORD = re.compile(r"(?=\D*\d)(?=[^a-z]*[a-z])\S{6,}", re.I)
_NO_SECRET = re.compile(r"(?:[a-z]+(?:[-_. /][a-z]+)*|[0-9]+|true|false)", re.I)


@dataclass(frozen=True, slots=True)
class Leak:
    """``start`` and ``end`` are offsets in the line; ``issuer`` says what it looks like."""

    start: int
    end: int
    issuer: str


def leaks_in(line: str) -> Iterator[Leak]:
    for match in _ANY.finditer(line):
        yield Leak(match.start(), match.end(), _ISSUERS[(match.lastindex or 1) - 1])


def is_secret_by_name(name: str, value: str) -> bool:
    """A variable called like a secret whose value looks drawn by chance, not chosen by a person;
    of a password, which people do choose, one with letters and digits.
    """
    if not _SECRET_NAME.search(name) or _NO_SECRET.fullmatch(value):
        return False
    if _PASSWORD_NAME.search(name) and _PASSWORD.fullmatch(value):
        return True
    if len(value) < 16:
        return False
    return len(set(value)) >= 8


def without(text: str, secrets: frozenset[str]) -> str:
    """``text`` with every secret overwritten, as long as it was, so that columns stay right."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "*" * len(secret))
    return text
