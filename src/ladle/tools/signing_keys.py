"""Keys in PEM files sign and check attestations; a private key never leaves this module."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ladle.errors import LadleError, NotFound
from ladle.experiments.envelope import Sign, Verify

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

_LARGEST_BYTES = 64 << 10
_MAKE_ONE = "make a pair: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """``id`` is the sha256 of the public half, in PEM: how OpenSSF model signing names a key."""

    id: str
    sign: Sign
    is_elliptic: bool


@dataclass(frozen=True, slots=True)
class CheckingKey:
    id: str
    verify: Verify


def signing_key(path: Path) -> SigningKey:
    """A private key: ECDSA on P-256, P-384 or P-521, or Ed25519. Raises LD386."""
    private = _loaded(path)
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(private, ec.EllipticCurvePrivateKey):
        curve = private
        algorithm = ec.ECDSA(_hash_of(private.public_key(), path))
        return SigningKey(_id(private.public_key()), lambda c: curve.sign(c, algorithm), True)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return SigningKey(_id(private.public_key()), private.sign, False)
    raise _unusable(path, "it holds no private key of a kind that signs here")


def checking_key(path: Path) -> CheckingKey:
    """A public key, or the public half of a private one. Raises LD386."""
    loaded = _loaded(path)
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    private = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)
    public: Any = loaded.public_key() if isinstance(loaded, private) else loaded
    if isinstance(public, ec.EllipticCurvePublicKey):
        how: tuple[Any, ...] = (ec.ECDSA(_hash_of(public, path)),)
    elif isinstance(public, ed25519.Ed25519PublicKey):
        how = ()
    else:
        raise _unusable(path, "it is neither an elliptic curve key nor Ed25519")

    def verify(content: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, content, *how)
        except InvalidSignature:
            return False
        return True

    return CheckingKey(_id(public), verify)


def _loaded(path: Path) -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise LadleError(
            "LD389", "signing needs the library cryptography", "pip install 'ladle[attest]'"
        ) from error
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES)
    except FileNotFoundError as error:
        raise NotFound("LD386", f"there is no key {path.name}", _MAKE_ONE) from error
    except OSError as error:
        raise _unusable(path, f"it cannot be read: {error.strerror}") from error
    try:
        if b"PRIVATE KEY-----" in content:
            return serialization.load_pem_private_key(content, password=None)
        return serialization.load_pem_public_key(content)
    except TypeError as error:
        raise _unusable(path, "it is locked with a passphrase") from error
    except ValueError as error:
        raise _unusable(path, "it is not a key in PEM") from error


def _hash_of(key: EllipticCurvePublicKey, path: Path) -> Any:
    from cryptography.hazmat.primitives import hashes

    known = {
        "secp256r1": hashes.SHA256(),
        "secp384r1": hashes.SHA384(),
        "secp521r1": hashes.SHA512(),
    }
    if key.curve.name not in known:
        raise _unusable(path, f"it is on the curve {key.curve.name}, not on P-256, P-384 or P-521")
    return known[key.curve.name]


def _id(public: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def _unusable(path: Path, why: str) -> LadleError:
    return LadleError("LD386", f"the key {path.name} cannot be used: {why}", _MAKE_ONE)
