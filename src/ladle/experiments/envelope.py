"""A statement is signed in a DSSE envelope: the signature covers its type, its length, its bytes.

https://github.com/secure-systems-lab/dsse, v1. A model's signature is that envelope in a Sigstore
bundle, v0.3, as OpenSSF model signing wants it.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ladle.digest import canonical_json
from ladle.errors import LadleError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]  # content, signature


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an envelope carries, as it was signed; ``key`` is what it says of the key, unproven."""

    payload: bytes
    signatures: tuple[bytes, ...]
    key: str | None

    def is_signed_by(self, verify: Verify) -> bool:
        signed = pre_authentication(self.payload)
        return any(verify(signed, signature) for signature in self.signatures)


def pre_authentication(payload: bytes) -> bytes:
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(statement: Mapping[str, Any], key: str, sign: Sign) -> dict[str, Any]:
    payload = canonical_json(statement)
    return {
        "payload": _text(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key, "sig": _text(sign(pre_authentication(payload)))}],
    }


def bundle(statement: Mapping[str, Any], key: str, sign: Sign) -> dict[str, Any]:
    return {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key}, "tlogEntries": []},
        "dsseEnvelope": envelope(statement, key, sign),
    }


def opened(content: bytes, name: str) -> Sealed:
    """Reads an envelope or a bundle of one. Raises LD387 for anything else."""
    try:
        found = json.loads(content)
        inner = found.get("dsseEnvelope", found)
        if inner["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"its payload is {inner['payloadType']!r}, not {PAYLOAD_TYPE}")
        rows = inner["signatures"]
        signatures = tuple(_bytes(row["sig"]) for row in rows)
        return Sealed(_bytes(inner["payload"]), signatures, rows[0].get("keyid") if rows else None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unreadable(name, str(error) or type(error).__name__) from None


def unreadable(name: str, why: str) -> LadleError:
    return LadleError(
        "LD387",
        f"{name} cannot be read as an attestation: {why[:200]}",
        "write it again: ladle attest ID --key KEY.pem",
    )


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error
