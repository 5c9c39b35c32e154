"""A sealed prediction id says what its label is compared with, and only a release can make one.

Big-endian: format (4 bits) and kind of outcome (4 bits), key id (1 byte), release (2), window in whole
seconds (4), outcome (4), where a request had several rows this one's place and their number (2, 2),
random (8), keyed BLAKE2b over all before it (12). In URL-safe base64 that is 43 characters, or 48.
Signed, not secret: who holds an id can read it. Standard library only, since the serving process
loads it.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import b64decode, urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Final

from ladle.policy.sealing import sealable
from ladle.quality.counts import window_start
from ladle.quality.labels import (
    SEALED_LENGTHS,
    LabelValue,
    Noted,
    Predicted,
    PredictionRows,
    TextDigest,
)

RANDOM_BYTES: Final = 8
MAC_BYTES: Final = 12
SEALED_ROWS: Final = 64  # of one request; more are kept in the table, by one write for all of them
_FORMAT: Final = 1
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")
_MAX_RELEASE: Final = 0xFFFF
_CLASSES: Final = 2**24
_HEAD: Final = struct.Struct(">BBHI")
_ROW: Final = struct.Struct(">HH")
_INTEGER, _SINGLE, _SURE = struct.Struct(">i"), struct.Struct(">f"), struct.Struct(">I")


class Kind(IntEnum):
    """How four bytes hold an outcome: a class by its number, a text by its hash, a regression's
    number in single precision. ``SURE``: a class below 2^24, and its probability in 255ths.
    """

    INTEGER = 0
    BOOLEAN = 1
    TEXT = 2
    NUMBER = 3
    SURE = 4


def seal_key(line_key: bytes) -> bytes:
    """A model's key for ids follows from its key for lines; nothing leads back."""
    return hashlib.blake2b(key=line_key, digest_size=32, person=b"ladle prediction").digest()


def fits(model_type: str, window_s: float, release: int = 0) -> bool:
    """Whether ids of such a model are sealed; else what it predicts is kept in the table."""
    return sealable(model_type, window_s) and _fits(release, window_s)


class Sealer:
    """Makes the ids of one release."""

    def __init__(self, key: bytes, release: int, window_s: float) -> None:
        if not _fits(release, window_s):
            raise ValueError("a release of two bytes and a window of whole seconds can be sealed")
        self._release = release
        self._window_s = window_s
        self._key_id = _key_id(key)
        self._keyed = _keyed(key)
        self._last = 0  # the window of the id before

    def seal(self, outcomes: Sequence[LabelValue | Noted], at: float, drawn: bytes) -> list[str]:
        """An id for each row. ``drawn`` are eight random bytes that no other request has."""
        window = self._window(at)
        rows = len(outcomes)
        ids = []
        for row, outcome in enumerate(outcomes):
            kind, four = _outcome(outcome)
            head = _HEAD.pack(_FORMAT << 4 | kind, self._key_id, self._release, window)
            body = head + four + (_ROW.pack(row, rows) if rows > 1 else b"") + drawn
            hasher = self._keyed.copy()
            hasher.update(body)
            text = b2a_base64(body + hasher.digest(), newline=False).translate(_URL_SAFE)
            ids.append(text.rstrip(b"=").decode())
        return ids

    def _window(self, at: float) -> int:
        """Where ``at`` begins to count; as a line says it, which knows milliseconds only."""
        last = self._last
        if last < at < last + self._window_s - 0.001:
            return last
        self._last = window = int(window_start(round(at, 3), self._window_s))
        return window


def place(sealed: str) -> int:
    """Which row of its request an id says that it is about; whether that is true, only its key says."""
    body = _bytes(sealed)
    return int(_ROW.unpack_from(body, 12)[0]) if body is not None and len(body) == 36 else 0


def request_begins(sealed: str) -> str | None:
    """How the id of an id's request begins, as its line in the log has it; None for no sealed id."""
    body = _bytes(sealed)
    if body is None:
        return None
    drawn = body[:-MAC_BYTES][-RANDOM_BYTES:]
    return urlsafe_b64encode(drawn)[: RANDOM_BYTES * 8 // 6].decode()


def unseal(model: str, sealed: str, keys: Sequence[bytes]) -> PredictionRows | None:
    """What an id says; None when none of ``keys`` made it, or a bit of it has changed."""
    body = _bytes(sealed)
    if body is None:
        return None
    signed, mac = body[:-MAC_BYTES], body[-MAC_BYTES:]
    form, key_id, release, window = _HEAD.unpack_from(signed)
    for key in keys:
        if key_id != _key_id(key):
            continue
        hasher = _keyed(key)
        hasher.update(signed)
        if form >> 4 == _FORMAT and hmac.compare_digest(hasher.digest(), mac):
            row, rows = _ROW.unpack_from(signed, 12) if len(body) == 36 else (0, 1)
            outcome = _READ[Kind(form & 15)](signed[8:12])
            return PredictionRows(model, sealed, release, float(window), rows, row, (outcome,))
    return None


def _fits(release: int, window_s: float) -> bool:
    return 0 <= release <= _MAX_RELEASE and float(window_s).is_integer()


def _bytes(sealed: str) -> bytes | None:
    """None also for another spelling of the same bytes: a prediction has one id."""
    if len(sealed) not in SEALED_LENGTHS:
        return None
    try:
        body = b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    return body if urlsafe_b64encode(body).rstrip(b"=") == sealed.encode() else None


def _outcome(said: LabelValue | Noted) -> tuple[int, bytes]:
    value, sure = (said.value, said.confidence) if isinstance(said, Noted) else (said, None)
    if isinstance(value, TextDigest):
        return Kind.TEXT, value.four_bytes
    try:
        if type(value) is int:  # the usual case
            if sure is None or not 0 <= value < _CLASSES:
                return Kind.INTEGER, _INTEGER.pack(value)
            return Kind.SURE, _SURE.pack(value << 8 | round(255 * sure))
        if isinstance(value, bool):
            return Kind.BOOLEAN, _INTEGER.pack(value)
        if isinstance(value, int):
            return Kind.INTEGER, _INTEGER.pack(value)
        if isinstance(value, float):
            return Kind.NUMBER, _SINGLE.pack(value)
    except (struct.error, OverflowError):  # too large for four bytes: then as its text
        pass
    return Kind.TEXT, TextDigest.of(value).four_bytes


_READ: Final[Mapping[Kind, Callable[[bytes], Predicted]]] = {
    Kind.INTEGER: lambda four: int(_INTEGER.unpack(four)[0]),
    Kind.BOOLEAN: lambda four: bool(_INTEGER.unpack(four)[0]),
    Kind.TEXT: TextDigest,
    Kind.SURE: lambda four: Noted(_INTEGER.unpack(b"\0" + four[:3])[0], four[3] / 255),
    Kind.NUMBER: lambda four: float(_SINGLE.unpack(four)[0]),
}


def _keyed(key: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(key=key, digest_size=MAC_BYTES)


def _key_id(key: bytes) -> int:
    """Tells a model's keys apart without telling them."""
    return hashlib.blake2b(key=key, digest_size=1, person=b"ladle key id").digest()[0]
