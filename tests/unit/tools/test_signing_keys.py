"""Which keys sign, and what is said of those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ladle.errors import LadleError, NotFound
from ladle.tools.signing_keys import checking_key, signing_key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ec.generate_private_key(ec.SECP256K1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        ),
    ],
    ids=["empty", "text", "damaged", "other curve", "locked"],
)
def test_a_key_that_cannot_sign_says_why(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(LadleError, match=r"LD386 the key key\.pem cannot be used"):
        signing_key(tmp_path / "key.pem")


def test_a_key_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="LD386"):
        checking_key(tmp_path / "key.pem")


def test_a_public_key_signs_nothing(tmp_path: Path) -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "key.pem").write_bytes(public.public_bytes(serialization.Encoding.PEM, info))
    with pytest.raises(LadleError, match="holds no private key"):
        signing_key(tmp_path / "key.pem")
