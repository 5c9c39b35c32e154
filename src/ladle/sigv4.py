"""AWS Signature Version 4 is a pure function of request, credentials and time. Standard library only.

The serving process reads its model with it and the client signs its requests, both without the SDK
(0.2 to 0.5 s of imports). Held to botocore's own signer by ``tests/unit/test_sigv4.py``.
Specification: "Create a signed AWS API request", AWS IAM User Guide.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import gmtime, strftime
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Never printed: the secret and the token are left out of the representation."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which service of which region a signature is for."""

    region: str
    service: str


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    payload_sha256: str,
    credentials: Credentials,
    scope: Scope,
    at: float,
) -> dict[str, str]:
    """``headers`` (lower-case names) and those that make the request AWS's own; ``at`` epoch seconds."""
    moment = strftime("%Y%m%dT%H%M%SZ", gmtime(at))
    parts = urlsplit(url)
    signed = {**headers, "host": parts.netloc, "x-amz-date": moment}
    if scope.service == "s3":
        signed["x-amz-content-sha256"] = payload_sha256
    if credentials.token:
        signed["x-amz-security-token"] = credentials.token
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            method,
            _canonical_path(parts, scope.service),
            _canonical_query(parts),
            *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
            "",
            names,
            payload_sha256,
        ]
    )
    date_scope = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{moment}\n{date_scope}\n{hashed}"
    signature = _mac(_key(credentials.secret_key, moment[:8], scope), to_sign).hex()
    signed["authorization"] = (
        f"{_ALGORITHM} Credential={credentials.access_key}/{date_scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return signed


def _canonical_path(parts: SplitResult, service: str) -> str:
    """``parts.path`` is percent-encoded once already; all services but S3 encode it again."""
    path = parts.path or "/"
    return path if service == "s3" else quote(path, safe="/" + _UNRESERVED)


def _canonical_query(parts: SplitResult) -> str:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    quoted = ((quote(k, safe=_UNRESERVED), quote(v, safe=_UNRESERVED)) for k, v in pairs)
    return "&".join(f"{k}={v}" for k, v in sorted(quoted))


def _key(secret: str, date: str, scope: Scope) -> bytes:
    key = _mac(f"AWS4{secret}".encode(), date)
    for part in (scope.region, scope.service, "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
